//
// Devices of STM32 chips that firmware of vendors uses beside its serial port. They do what the embedded
// engine's do.
//
using System;
using System.Collections.Generic;
using System.Linq;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Peripherals.UART;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    /// <summary>
    /// CRC calculation unit with programmable polynomial (RM0432, CRC). Renode's own takes no other widths.
    /// </summary>
    public class Stm32Crc : IDoubleWordPeripheral, IWordPeripheral, IBytePeripheral, IKnownSize
    {
        public Stm32Crc()
        {
            Reset();
        }

        public void Reset()
        {
            control = scratch = 0;
            initial = value = 0xFFFFFFFF;
            polynomial = 0x04C11DB7;
        }

        public uint ReadDoubleWord(long offset)
        {
            switch(offset)
            {
            case Dr:
                var kept = value & Ones(PolynomialBits);
                return (control & RevOut) != 0 ? Reversed(kept, PolynomialBits) : kept;
            case Idr:
                return scratch;
            case Cr:
                return control;
            case Init:
                return initial;
            case Pol:
                return polynomial;
            default:
                return 0;
            }
        }

        public ushort ReadWord(long offset)
        {
            return (ushort)(ReadDoubleWord(offset & ~3L) >> (int)(8 * (offset & 3)));
        }

        public byte ReadByte(long offset)
        {
            return (byte)(ReadDoubleWord(offset & ~3L) >> (int)(8 * (offset & 3)));
        }

        public void WriteDoubleWord(long offset, uint written)
        {
            Write(offset, written, 32);
        }

        public void WriteWord(long offset, ushort written)
        {
            Write(offset, written, 16);
        }

        public void WriteByte(long offset, byte written)
        {
            Write(offset, written, 8);
        }

        public long Size
        {
            get { return 0x400; }
        }

        private void Write(long offset, uint written, int bits)
        {
            if((offset & ~3L) == Dr)
            {
                Take(written, bits);
                return;
            }
            var shift = (int)(8 * (offset & 3));
            var mask = Ones(bits) << shift;
            var merged = ReadDoubleWord(offset & ~3L) & ~mask | (written << shift) & mask;
            switch(offset & ~3L)
            {
            case Idr:
                scratch = merged;
                break;
            case Cr:
                control = merged & Writable;
                if((merged & 1) != 0)
                {
                    value = initial;
                }
                break;
            case Init:
                initial = value = merged;
                break;
            case Pol:
                polynomial = merged;
                break;
            }
        }

        private void Take(uint data, int bits)
        {
            var size = PolynomialBits;
            var group = Math.Min(new[] { 1, 8, 16, 32 }[(control >> 5) & 3], bits);
            var input = 0u;
            for(var first = 0; first < bits; first += group)
            {
                input |= Reversed((data >> first) & Ones(group), group) << first;
            }
            value &= Ones(size);
            for(var bit = bits - 1; bit >= 0; bit--)
            {
                var leaving = ((value >> (size - 1)) ^ (input >> bit)) & 1;
                value = ((value << 1) ^ (leaving != 0 ? polynomial : 0)) & Ones(size);
            }
        }

        private static uint Ones(int bits)
        {
            return bits == 32 ? 0xFFFFFFFF : (1u << bits) - 1;
        }

        private static uint Reversed(uint value, int bits)
        {
            var result = 0u;
            for(var bit = 0; bit < bits; bit++)
            {
                result |= ((value >> bit) & 1) << (bits - 1 - bit);
            }
            return result;
        }

        private int PolynomialBits
        {
            get { return new[] { 32, 16, 8, 7 }[(control >> 3) & 3]; }
        }

        private const long Dr = 0x00, Idr = 0x04, Cr = 0x08, Init = 0x10, Pol = 0x14;
        private const uint RevOut = 1u << 7, Writable = 0xF8;

        private uint control, scratch, initial, value, polynomial;
    }

    /// <summary>
    /// Random number generator (RM0432, RNG): the same numbers in every run, and those of the embedded
    /// engine.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class Stm32Rng : IDoubleWordPeripheral, IKnownSize
    {
        public Stm32Rng()
        {
            IRQ = new GPIO();
            Reset();
        }

        public void Reset()
        {
            Array.Clear(registers, 0, registers.Length);
            value = 0x2545F491;
            IRQ.Set(false);
        }

        public uint ReadDoubleWord(long offset)
        {
            var runs = (registers[0] & Rngen) != 0;
            if(offset == Sr)
            {
                return runs ? 1u : 0;
            }
            if(offset != Dr)
            {
                return registers[offset / 4];
            }
            if(!runs)
            {
                return 0;
            }
            value ^= value << 13;
            value ^= value >> 17;
            value ^= value << 5;
            return value;
        }

        public void WriteDoubleWord(long offset, uint written)
        {
            registers[offset / 4] = written;
            IRQ.Set((registers[0] & (Rngen | Ie)) == (Rngen | Ie));
        }

        public GPIO IRQ { get; private set; }

        public long Size
        {
            get { return 0x400; }
        }

        private const long Sr = 0x04, Dr = 0x08;
        private const uint Rngen = 1u << 2, Ie = 1u << 3;

        private readonly uint[] registers = new uint[0x100];
        private uint value;
    }

    /// <summary>Nanoseconds of virtual time, up to date within a block of instructions.</summary>
    public class VirtualClock
    {
        public VirtualClock(IMachine machine)
        {
            this.machine = machine;
        }

        public ulong Now
        {
            get
            {
                CPU.ICPU cpu;
                if(machine.SystemBus.TryGetCurrentCPU(out cpu))
                {
                    cpu.SyncTime();
                }
                return machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds;
            }
        }

        private readonly IMachine machine;
    }

    /// <summary>
    /// Real-time clock in the two register layouts (RM0432, RM0444, RTC): calendar, sub-seconds, wake-up
    /// timer. Alarms read as written. `hasSr`: flags are in SR, cleared by SCR.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class Stm32Rtc : IDoubleWordPeripheral, IKnownSize
    {
        public Stm32Rtc(IMachine machine, ulong frequency, bool hasSr = false)
        {
            this.hasSr = hasSr;
            clock = new VirtualClock(machine);
            Frequency = frequency;
            IRQ = new GPIO();
            wakeUp = new LimitTimer(machine.ClockSource, 1000000000, this, "wake-up", limit: 1,
                direction: Direction.Ascending, eventEnabled: true);
            wakeUp.LimitReached += () =>
            {
                wakeUpFlag = true;
                UpdateInterrupt();
            };
            Reset();
        }

        public void Reset()
        {
            Array.Clear(registers, 0, registers.Length);
            registers[Prer / 4] = 0x7F00FF;
            registers[Wutr / 4] = 0xFFFF;
            wakeUp.Enabled = false;
            wakeUpFlag = initialises = false;
            origin = new DateTime(2000, 1, 1);
            originNanoseconds = 0;
            UpdateInterrupt();
        }

        public uint ReadDoubleWord(long offset)
        {
            ulong counts;
            var moment = Moment(out counts);
            if(offset == Tr)
            {
                return Bcd(moment.Hour) << 16 | Bcd(moment.Minute) << 8 | Bcd(moment.Second);
            }
            if(offset == Dr)
            {
                var weekDay = moment.DayOfWeek == DayOfWeek.Sunday ? 7u : (uint)moment.DayOfWeek;
                return Bcd(moment.Year % 100) << 16 | weekDay << 13 | Bcd(moment.Month) << 8
                    | Bcd(moment.Day);
            }
            if(offset == Ssr)
            {
                return (uint)(Synchronous - 1 - counts);
            }
            if(offset == Icsr)
            {
                var wakeUpWritable = initialises || (registers[Cr / 4] & Wute) == 0;
                return 0x23u | (wakeUpWritable ? 4u : 0) | (moment.Year > 2000 ? 0x10u : 0)
                    | (initialises ? 0xC0u : 0)
                    | (!hasSr && wakeUpFlag ? Wutf : 0);
            }
            if(hasSr && offset == Sr)
            {
                return wakeUpFlag ? 4u : 0;
            }
            return registers[offset / 4];
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            ulong counts;
            if(offset == Icsr)
            {
                Settle();
                initialises = (value & 0x80) != 0;
                wakeUpFlag &= hasSr || (value & Wutf) != 0;
            }
            else if(offset == Tr && initialises)
            {
                origin = origin.Date + new TimeSpan(FromBcd(value >> 16 & 0x3F), FromBcd(value >> 8 & 0x7F),
                    FromBcd(value & 0x7F));
            }
            else if(offset == Dr && initialises)
            {
                var year = 2000 + FromBcd(value >> 16 & 0xFF) % 100;
                var month = Math.Min(Math.Max(FromBcd(value >> 8 & 0x1F), 1), 12);
                var day = Math.Min(Math.Max(FromBcd(value & 0x3F), 1), DateTime.DaysInMonth(year, month));
                origin = new DateTime(year, month, day) + origin.TimeOfDay;
            }
            else if(offset == Prer && initialises)
            {
                registers[Prer / 4] = value;
            }
            else if(hasSr && offset == Scr)
            {
                wakeUpFlag &= (value & 4) == 0;
            }
            else if(offset != Tr && offset != Dr && offset != Prer)
            {
                registers[offset / 4] = value;
            }
            if(offset == Cr)
            {
                StartWakeUp();
            }
            Moment(out counts);
            UpdateInterrupt();
        }

        /// <summary>RTCCLK in Hz.</summary>
        public ulong Frequency
        {
            get { return frequency; }
            set
            {
                if(frequency != 0)
                {
                    Settle();
                }
                frequency = value;
            }
        }

        public bool CanWake
        {
            get { return wakeUp.Enabled && (registers[Cr / 4] & Wutie) != 0; }
        }

        public GPIO IRQ { get; private set; }

        public long Size
        {
            get { return 0x400; }
        }

        private DateTime Moment(out ulong counts)
        {
            counts = 0;
            if(initialises)
            {
                return origin;
            }
            var elapsed = clock.Now - originNanoseconds;
            // Seconds apart, so that no product is too large.
            var perSecond = Asynchronous * 1000000000;
            var all = elapsed / perSecond * Frequency + elapsed % perSecond * Frequency / perSecond;
            counts = all % Synchronous;
            return origin.AddSeconds(all / Synchronous);
        }

        // What has passed of a second is dropped: as INIT does.
        private void Settle()
        {
            ulong counts;
            origin = Moment(out counts);
            originNanoseconds = clock.Now;
        }

        private void StartWakeUp()
        {
            var select = registers[Cr / 4] & 7;
            var count = (ulong)(registers[Wutr / 4] & 0xFFFF) + 1 + (select >= 6 ? 0x10000ul : 0);
            var clocks = select >= 4 ? count * Asynchronous * Synchronous : count << (int)(4 - select);
            wakeUp.Enabled = false;
            wakeUp.Limit = Math.Max(clocks * 1000000000 / Frequency, 1);
            wakeUp.Value = 0;
            wakeUp.Enabled = (registers[Cr / 4] & Wute) != 0;
        }

        private void UpdateInterrupt()
        {
            IRQ.Set(wakeUpFlag && (registers[Cr / 4] & Wutie) != 0);
        }

        private static uint Bcd(int value)
        {
            return (uint)(value / 10 << 4 | value % 10);
        }

        private static int FromBcd(uint value)
        {
            return (int)((value >> 4) * 10 + (value & 0xF));
        }

        private ulong Asynchronous
        {
            get { return (registers[Prer / 4] >> 16 & 0x7F) + 1; }
        }

        private ulong Synchronous
        {
            get { return (registers[Prer / 4] & 0x7FFF) + 1; }
        }

        private long Cr
        {
            get { return hasSr ? 0x18 : 0x08; }
        }

        private long Ssr
        {
            get { return hasSr ? 0x08 : 0x28; }
        }

        private const long Tr = 0x00, Dr = 0x04, Icsr = 0x0C, Prer = 0x10, Wutr = 0x14, Sr = 0x50, Scr = 0x5C;
        private const uint Wute = 1u << 10, Wutie = 1u << 14, Wutf = 1u << 10;

        private readonly bool hasSr;
        private readonly VirtualClock clock;
        private readonly LimitTimer wakeUp;
        private readonly uint[] registers = new uint[0x100];
        private ulong frequency;
        private bool wakeUpFlag, initialises;
        private DateTime origin;
        private ulong originNanoseconds;
    }

    /// <summary>
    /// Low-power timer (RM0432, RM0456, LPTIM): counts its kernel clock, compares, and raises its flags when
    /// the count leaves ARR, one count later than the chip.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class Stm32LowPowerTimer : IDoubleWordPeripheral, IKnownSize
    {
        public Stm32LowPowerTimer(IMachine machine, ulong frequency, bool twoChannels = false)
        {
            flagsMask = twoChannels ? 0xFFFFFFFF : 0x7F;
            clock = new VirtualClock(machine);
            IRQ = new GPIO();
            counter = NewTimer(machine, frequency, "counter", ReloadFlag, WorkMode.Periodic);
            compare = NewTimer(machine, frequency, "compare", CompareFlag, WorkMode.Periodic);
            Reset();
        }

        public void Reset()
        {
            Array.Clear(registers, 0, registers.Length);
            registers[Arr / 4] = 1;
            flags = 0;
            counter.Enabled = compare.Enabled = false;
            UpdateInterrupt();
        }

        public uint ReadDoubleWord(long offset)
        {
            switch(offset)
            {
            case Isr:
                return flags & flagsMask;
            case Icr:
                return 0;
            case Cnt:
                var now = clock.Now;
                return (uint)counter.Value;
            default:
                return registers[offset / 4];
            }
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            switch(offset)
            {
            case Isr:
            case Cnt:
                break;
            case Icr:
                flags &= ~value;
                break;
            case Cr:
                registers[Cr / 4] = value & 0x11;
                if((value & Enable) == 0)
                {
                    counter.Enabled = compare.Enabled = false;
                    counter.Value = 0;
                }
                else if((value & (Continuous | Single)) != 0)
                {
                    counter.Mode = compare.Mode = (value & Continuous) != 0 ? WorkMode.Periodic
                        : WorkMode.OneShot;
                    SetBoth("Divider", 1 << (int)(registers[Cfgr / 4] >> 9 & 7));
                    counter.Enabled = true;
                    StartCompare();
                }
                break;
            case Arr:
                registers[Arr / 4] = value & 0xFFFF;
                counter.Limit = (value & 0xFFFF) + 1;
                compare.Limit = (value & 0xFFFF) + 1;
                flags |= 1u << 4;
                StartCompare();
                break;
            case Cmp:
                registers[Cmp / 4] = value & 0xFFFF;
                flags |= 1u << 3;
                StartCompare();
                break;
            default:
                registers[offset / 4] = value;
                flags |= offset == Ier ? 1u << 24 : offset == Rcr ? 1u << 8 : offset == Ccr2 ? 1u << 19 : 0;
                break;
            }
            UpdateInterrupt();
        }

        /// <summary>The kernel clock in Hz.</summary>
        public ulong Frequency
        {
            get { return (ulong)counter.Frequency; }
            set { SetBoth("Frequency", value); }
        }

        public bool CanWake
        {
            get { return counter.Enabled && (registers[Ier / 4] & (CompareFlag | ReloadFlag)) != 0; }
        }

        public GPIO IRQ { get; private set; }

        public long Size
        {
            get { return 0x400; }
        }

        // The properties' types are not the same in all versions of Renode.
        private void SetBoth(string property, object value)
        {
            foreach(var timer in new[] { counter, compare })
            {
                var place = typeof(LimitTimer).GetProperty(property);
                place.SetValue(timer, Convert.ChangeType(value, place.PropertyType));
            }
        }

        private LimitTimer NewTimer(IMachine machine, ulong frequency, string name, uint flag, WorkMode mode)
        {
            var timer = new LimitTimer(machine.ClockSource, frequency, this, name, limit: 0x10000,
                direction: Direction.Ascending, workMode: mode, eventEnabled: true);
            timer.LimitReached += () =>
            {
                flags |= flag;
                UpdateInterrupt();
            };
            return timer;
        }

        // A second counter, which is as far from its end as the first is from the value that is compared
        // with.
        private void StartCompare()
        {
            compare.Enabled = false;
            if(!counter.Enabled || registers[Cmp / 4] > registers[Arr / 4])
            {
                return;
            }
            var now = clock.Now;
            var limit = counter.Limit;
            compare.Value = (counter.Value + limit - registers[Cmp / 4]) % limit;
            compare.Enabled = true;
        }

        private void UpdateInterrupt()
        {
            IRQ.Set((flags & registers[Ier / 4]) != 0);
        }

        private const long Isr = 0x00, Icr = 0x04, Ier = 0x08, Cfgr = 0x0C, Cr = 0x10, Cmp = 0x14, Arr = 0x18,
            Cnt = 0x1C, Rcr = 0x28, Ccr2 = 0x34;
        private const uint Enable = 1, Single = 2, Continuous = 4, CompareFlag = 1, ReloadFlag = 2;

        private readonly uint flagsMask;
        private readonly VirtualClock clock;
        private readonly LimitTimer counter, compare;
        private readonly uint[] registers = new uint[0x100];
        private uint flags;
    }

    /// <summary>
    /// DMA controllers, for USARTs and between memories, in three kinds: "channels" (RM0432, RM0444),
    /// "streams" (RM0385, RM0455) and "linked" (RM0456, GPDMA). Renode's own leave out circular mode or
    /// linked lists.
    ///
    /// `requests` names for each USART what it asks by: "usart1: 24 25" are the numbers for reception and
    /// transmission that the multiplexer's register at `requestRegister` and those after it select, or a
    /// "linked" channel itself; several are separated by commas. Without a multiplexer a stream's is
    /// "controller.stream.selection".
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class Stm32Dma : IDoubleWordPeripheral, IKnownSize, INumberedGPIOOutput
    {
        public Stm32Dma(IMachine machine, string kind, int channels, string requests, int number = 0,
            ulong requestRegister = 0, int size = 0x400)
        {
            this.machine = machine;
            this.kind = kind;
            this.number = number;
            this.requestRegister = requestRegister;
            Size = size;
            foreach(var rule in requests.Split(new[] { ';' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(rule => rule.Split(':')))
            {
                this.requests[rule[0].Trim()] = rule[1].Trim().Split(' ')
                    .Select(names => names.Split(',')).ToArray();
            }
            all = Enumerable.Range(0, channels).Select(_ => new Channel()).ToArray();
            Connections = Enumerable.Range(0, channels).ToDictionary(place => place, _ => (IGPIO)new GPIO());
            Reset();
        }

        public void Reset()
        {
            foreach(var channel in all)
            {
                Array.Clear(channel.Words, 0, channel.Words.Length);
                channel.Flags = kind == "linked" ? 1u : 0;
                channel.Active = false;
                if(kind == "streams")
                {
                    channel.Words[Fcr] = 0x21;
                }
            }
            UpdateInterrupts();
        }

        public uint ReadDoubleWord(long offset)
        {
            long at;
            var channel = Find(offset, out at);
            if(channel != null)
            {
                return kind == "linked" && at == 0x10 ? channel.Flags : channel.Words[at / 4];
            }
            if(kind == "linked")
            {
                return offset == 0x0C ? all.Select((one, place) => Pends(one) ? 1u << place : 0)
                    .Aggregate(0u, (sum, bit) => sum | bit) : 0;
            }
            if(kind == "channels")
            {
                return offset != 0 ? 0 : all
                    .Select((one, place) => (one.Flags << 1 | (one.Flags != 0 ? 1u : 0)) << 4 * place)
                    .Aggregate(0u, (sum, bits) => sum | bits);
            }
            return offset > 4 ? 0 : all
                .Select((one, place) =>
                    place / 4 == offset / 4 ? StreamFlags(one.Flags) << StreamShift(place) : 0)
                .Aggregate(0u, (sum, bits) => sum | bits);
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            long at;
            var channel = Find(offset, out at);
            if(channel == null)
            {
                ClearFlags(offset, value);
            }
            else if(kind == "linked")
            {
                WriteLinked(channel, at, value);
            }
            else if(at == 0)
            {
                WriteControl(channel, value);
            }
            else if(at != 4)
            {
                channel.Words[at / 4] = value;
            }
            else if(!channel.Active)
            {
                channel.Reload = channel.Words[1] = value & 0xFFFF;
            }
            Serve();
            UpdateInterrupts();
        }

        public IReadOnlyDictionary<int, IGPIO> Connections { get; private set; }

        public long Size { get; private set; }

        private Channel Find(long offset, out long at)
        {
            var first = kind == "channels" ? 0x08 : kind == "streams" ? 0x10 : 0x50;
            var bytes = kind == "channels" ? 0x14 : kind == "streams" ? 0x18 : 0x80;
            at = offset < first ? 0 : (offset - first) % bytes;
            return offset < first || (offset - first) / bytes >= all.Length ? null
                : all[(offset - first) / bytes];
        }

        private static uint StreamFlags(uint flags)
        {
            return ((flags & Error) != 0 ? 1u << 3 : 0) | ((flags & Half) != 0 ? 1u << 4 : 0)
                | ((flags & Complete) != 0 ? 1u << 5 : 0);
        }

        private static int StreamShift(int stream)
        {
            return new[] { 0, 6, 16, 22 }[stream % 4];
        }

        private void ClearFlags(long offset, uint value)
        {
            for(var place = 0; place < all.Length; place++)
            {
                if(kind == "channels" && offset == 4)
                {
                    var bits = value >> 4 * place & 0xF;
                    all[place].Flags &= (bits & 1) != 0 ? 0 : ~(bits >> 1);
                }
                else if(kind == "streams" && offset == 8 + place / 4 * 4)
                {
                    foreach(var flag in new[] { Error, Half, Complete })
                    {
                        all[place].Flags &= (StreamFlags(flag) & value >> StreamShift(place)) != 0 ? ~flag
                            : 0xFFFFFFFF;
                    }
                }
            }
        }

        private void WriteControl(Channel channel, uint value)
        {
            var wasEnabled = (channel.Words[0] & 1) != 0;
            channel.Words[0] = value;
            if((value & 1) == 0)
            {
                // Software that switches a stream off is told so by TCIF.
                channel.Flags |= channel.Active && kind == "streams" ? Complete : 0;
                channel.Active = false;
            }
            else if(!wasEnabled)
            {
                channel.Rewind(kind == "streams");
                channel.Active = channel.Words[1] != 0;
            }
        }

        private void WriteLinked(Channel channel, long at, uint value)
        {
            switch(at)
            {
            case 0x00:
                channel.Words[0] = value & 0xFFFF0000;
                break;
            case 0x0C:
                channel.Flags &= ~(value & 0x7F00);
                break;
            case 0x10:
                break;
            case 0x14:
                var wasEnabled = (channel.Words[Cr] & 1) != 0;
                channel.Words[Cr] = value | (wasEnabled ? 1u : 0);
                if((value & 2) != 0)
                {
                    channel.Flags &= ~(1u << 13);
                    channel.Idle();
                }
                else if((channel.Words[Cr] & 1) != 0)
                {
                    channel.Flags &= ~1u;
                    if(!wasEnabled)
                    {
                        channel.StartBlock();
                    }
                    channel.Active = (channel.Words[Cr] & 5) == 1;
                    channel.Flags |= (channel.Words[Cr] & 4) != 0 ? 1u << 13 : 0;
                }
                break;
            default:
                channel.Words[at / 4] = value;
                break;
            }
        }

        private bool RunsFreely(Channel channel)
        {
            return kind == "channels" ? (channel.Words[0] & 1u << 14) != 0
                : kind == "streams" ? (channel.Words[0] >> 6 & 3) == 2 : (channel.Words[Tr2] & 1u << 9) != 0;
        }

        private bool IsCircular(Channel channel)
        {
            return !RunsFreely(channel)
                && (kind == "channels" ? (channel.Words[0] & 1u << 5) != 0
                    : (channel.Words[0] & (1u << 8 | 1u << 18)) != 0);
        }

        // The USARTs are found when they are first needed: they may be made after this.
        private void Attach()
        {
            if(ports.Count != 0)
            {
                return;
            }
            foreach(var entry in requests)
            {
                IPeripheral port;
                if(!machine.TryGetByName("sysbus." + entry.Key, out port))
                {
                    throw new RecoverableException(String.Format("no peripheral {0} on sysbus", entry.Key));
                }
                // A Stm32Usart, by reflection: up to Renode 1.15 what one included file defines is unknown to
                // the next.
                var asks = (Func<uint>)Delegate.CreateDelegate(typeof(Func<uint>), port, "get_Requests");
                port.GetType().GetEvent("RequestRaised").AddEventHandler(port, (Action)ServeAndUpdate);
                ports.Add(Tuple.Create(asks, entry.Value));
            }
        }

        private void ServeAndUpdate()
        {
            Serve();
            UpdateInterrupts();
        }

        private void Serve()
        {
            if(serving || !all.Any(channel => channel.Active))
            {
                return;
            }
            serving = true;
            Attach();
            for(var place = 0; place < all.Length; place++)
            {
                var channel = all[place];
                // What it is asked by may stand in the list.
                LoadLink(channel);
                // As in the embedded engine: what takes nothing of what it was asked for with would be asked
                // for ever.
                var most = RunsFreely(channel) ? 0x10000 : 64;
                for(var item = 0; item < most && channel.Active
                    && (RunsFreely(channel) || IsRequested(Selected(place))); item++)
                {
                    Transfer(channel);
                    LoadLink(channel);
                }
            }
            serving = false;
        }

        private string Selected(int place)
        {
            if(kind == "linked")
            {
                return (all[place].Words[Tr2] & 0x7F).ToString();
            }
            if(requestRegister != 0)
            {
                return (machine.SystemBus
                    .ReadDoubleWord(requestRegister + (ulong)(4 * place)) & 0x7F).ToString();
            }
            return String.Format("{0}.{1}.{2}", number, place, all[place].Words[0] >> 25 & 7);
        }

        private bool IsRequested(string request)
        {
            return request != "0" && ports.Any(port => (port.Item1() & 1) != 0
                && port.Item2[0].Contains(request)
                || (port.Item1() & 2) != 0 && port.Item2[1].Contains(request));
        }

        private void LoadLink(Channel channel)
        {
            if(!channel.Active || !channel.WantsLink)
            {
                return;
            }
            var link = channel.Words[Llr];
            var address = channel.Words[0] | link & 0xFFFC;
            var loaded = (uint[])channel.Words.Clone();
            for(var word = 0; word < LinkWords.Length; word++)
            {
                if((link >> LinkBits[word] & 1) != 0)
                {
                    loaded[LinkWords[word]] = machine.SystemBus.ReadDoubleWord(address);
                    address += 4;
                }
            }
            if((link >> 29 & 1) == 0)
            {
                loaded[Br1] = loaded[Br1] & 0xFFFF0000 | channel.Block;
            }
            Array.Copy(loaded, channel.Words, loaded.Length);
            channel.StartBlock();
        }

        private void Transfer(Channel channel)
        {
            var words = channel.Words;
            if(kind == "linked")
            {
                var source = 1 << (int)(words[Tr1] & 3);
                var destination = (words[Tr1] & 1u << 12) != 0 ? source : 1 << (int)(words[Tr1] >> 16 & 3);
                Move(words[Sar], source, words[Dar], destination);
                words[Sar] += (words[Tr1] & 1u << 3) != 0 ? (uint)source : 0;
                words[Dar] += (words[Tr1] & 1u << 19) != 0 ? (uint)destination : 0;
                channel.FinishLinkedItem((uint)source);
                return;
            }
            var streams = kind == "streams";
            var peripheral = 1 << (int)(words[0] >> (streams ? 11 : 8) & 3);
            var memory = streams ? peripheral : 1 << (int)(words[0] >> 10 & 3);
            if(streams ? (words[0] >> 6 & 3) == 1 : (words[0] & 1u << 4) != 0)
            {
                Move(channel.AtMemory, memory, channel.AtPeripheral, peripheral);
            }
            else
            {
                Move(channel.AtPeripheral, peripheral, channel.AtMemory, memory);
            }
            channel.AtPeripheral += (words[0] & 1u << (streams ? 9 : 6)) != 0 ? (uint)peripheral : 0;
            channel.AtMemory += (words[0] & 1u << (streams ? 10 : 7)) != 0 ? (uint)memory : 0;
            words[1]--;
            channel.Flags |= words[1] == channel.Reload / 2 ? Half : 0;
            if(words[1] != 0)
            {
                return;
            }
            channel.Flags |= Complete;
            if(IsCircular(channel))
            {
                words[1] = channel.Reload;
                words[0] ^= streams && (words[0] & 1u << 18) != 0 ? 1u << 19 : 0;
                channel.Rewind(streams);
                return;
            }
            channel.Active = false;
            words[0] &= streams ? ~1u : 0xFFFFFFFF;
        }

        private void Move(uint from, int fromBytes, uint to, int toBytes)
        {
            var bus = machine.SystemBus;
            var value = fromBytes == 1 ? bus.ReadByte(from) : fromBytes == 2 ? bus.ReadWord(from)
                : bus.ReadDoubleWord(from);
            if(toBytes == 1)
            {
                bus.WriteByte(to, (byte)value);
            }
            else if(toBytes == 2)
            {
                bus.WriteWord(to, (ushort)value);
            }
            else
            {
                bus.WriteDoubleWord(to, value);
            }
        }

        private bool Pends(Channel channel)
        {
            if(kind == "linked")
            {
                return (channel.Flags & channel.Words[Cr] & 0x7F00) != 0;
            }
            var control = channel.Words[0];
            return kind == "channels" ? (channel.Flags & (control >> 1) & 7) != 0
                : (channel.Flags & ((control >> 4 & 1) | (control >> 3 & 1) << 1
                    | (control >> 2 & 1) << 2)) != 0;
        }

        private void UpdateInterrupts()
        {
            for(var place = 0; place < all.Length; place++)
            {
                Connections[place].Set(Pends(all[place]));
            }
        }

        private const uint Complete = 1, Half = 2, Error = 4;
        private const int Fcr = 0x14 / 4, Cr = 0x14 / 4, Tr1 = 0x40 / 4, Tr2 = 0x44 / 4, Br1 = 0x48 / 4,
            Sar = 0x4C / 4, Dar = 0x50 / 4, Llr = 0x7C / 4;
        // What an item of a list may hold, in its order, and the bit of LLR that says whether it does.
        private static readonly int[] LinkWords = { Tr1, Tr2, Br1, Sar, Dar, 0x54 / 4, 0x58 / 4, Llr };
        private static readonly int[] LinkBits = { 31, 30, 29, 28, 27, 26, 25, 16 };

        private readonly IMachine machine;
        private readonly string kind;
        private readonly int number;
        private readonly ulong requestRegister;
        private readonly Channel[] all;
        private readonly Dictionary<string, string[][]> requests = new Dictionary<string, string[][]>();
        private readonly List<Tuple<Func<uint>, string[][]>> ports =
            new List<Tuple<Func<uint>, string[][]>>();
        private bool serving;

        private class Channel
        {
            public readonly uint[] Words = new uint[32];
            public bool Active;
            public bool WantsLink;
            public uint Flags;
            public uint Reload;
            public uint Block;
            public uint AtPeripheral;
            public uint AtMemory;

            public void Rewind(bool streams)
            {
                AtPeripheral = Words[2];
                AtMemory = Words[streams && (Words[0] & 1u << 19) != 0 ? 4 : 3];
            }

            public void Idle()
            {
                Active = WantsLink = false;
                Words[Cr] &= ~7u;
                Flags |= 1;
            }

            public void StartBlock()
            {
                Block = Words[Br1] & 0xFFFF;
                WantsLink = Block == 0;
                if(Block == 0 && Words[Llr] == 0)
                {
                    Flags |= 1u << 8;
                    Idle();
                }
            }

            public void FinishLinkedItem(uint bytes)
            {
                var before = Words[Br1] & 0xFFFF;
                var left = before > bytes ? before - bytes : 0;
                Words[Br1] = Words[Br1] & 0xFFFF0000 | left;
                Flags |= before > Block / 2 && left <= Block / 2 ? 1u << 9 : 0;
                if(left != 0)
                {
                    return;
                }
                Flags |= Words[Llr] == 0 || Words[Tr2] >> 30 != 3 ? 1u << 8 : 0;
                if(Words[Llr] == 0)
                {
                    Idle();
                }
                else
                {
                    WantsLink = true;
                }
            }
        }
    }
}
