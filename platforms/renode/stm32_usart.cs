//
// The serial ports of STM32 chips, at the pace of the line.
//
using System;
using System.Collections.Generic;
using System.Linq;

using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals.UART
{
    /// <summary>
    /// STM32 USART and LPUART (RM0432 50.8, 51.7), asynchronous mode. Renode's own model of it sends and
    /// receives in no time; here every character takes its time on the line, in both directions, at the rate
    /// that the guest sets up. What comes from outside waits on the line while there is no room for it:
    /// nothing is lost, and nothing overruns.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class Stm32Usart : UARTBase, IDoubleWordPeripheral, IKnownSize
    {
        public Stm32Usart(IMachine machine, ulong frequency, bool lowPower = false, bool fifo = true)
            : base(machine)
        {
            this.machine = machine;
            this.lowPower = lowPower;
            this.fifo = fifo;
            Frequency = frequency;
            IRQ = new GPIO();
            transmission = new CharacterTimer(machine, this, "transmission", FinishTransmission);
            reception = new CharacterTimer(machine, this, "reception", FinishReception);
            silence = new CharacterTimer(machine, this, "silence", NoticeSilence);
            Reset();
        }

        public override void Reset()
        {
            base.Reset();
            arrived = 0;
            Array.Clear(registers, 0, registers.Length);
            StopTraffic();
            UpdateInterrupt();
        }

        public uint ReadDoubleWord(long offset)
        {
            switch(offset)
            {
            case Isr:
                return Status;
            case Rdr:
                SynchroniseTime();
                return TakeCharacter();
            case Tdr:
                return shifting;
            default:
                return offset < 4 * registers.Length ? registers[offset / 4] : 0;
            }
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            SynchroniseTime();
            switch(offset)
            {
            case Cr1:
                registers[Cr1 / 4] = fifo ? value : value & ~(Fifoen | Txfeie | Rxffie);
                if((value & Ue) == 0)
                {
                    StopTraffic();
                }
                StartTransmission();
                StartReception();
                break;
            case Rqr:
                if((value & Rxfrq) != 0)
                {
                    DropArrived();
                }
                if((value & Txfrq) != 0)
                {
                    outgoing.Clear();
                }
                break;
            case Icr:
                flags &= ~(value & (Tc | Idle));
                break;
            case Tdr:
                Transmit((byte)value);
                break;
            case Isr:
            case Rdr:
                break;
            default:
                if(offset < 4 * registers.Length)
                {
                    registers[offset / 4] = value;
                }
                break;
            }
            UpdateInterrupt();
        }

        /// <summary>How many characters from outside the guest has not yet taken.</summary>
        public int Waiting
        {
            get { return Count; }
        }

        /// <summary>How many characters the guest has written that have not yet left.</summary>
        public int InTransmission
        {
            get { return outgoing.Count + (transmission.IsRunning ? 1 : 0); }
        }

        /// <summary>Drops the characters that the guest has not yet taken.</summary>
        public void DropWaiting()
        {
            ClearBuffer();
            arrived = 0;
            reception.Stop();
            UpdateInterrupt();
        }

        /// <summary>
        /// The virtual time in ns at which the last of those that wait will have arrived, if the guest makes
        /// room in time; 0 where none is under way.
        /// </summary>
        public ulong ReceptionEnds
        {
            get
            {
                return reception.IsRunning
                    ? reception.Ends + (ulong)(Count - arrived - 1) * CharacterNanoseconds : 0;
            }
        }

        /// <summary>
        /// The virtual time in ns at which all that the guest has written so far will have left; 0 where it
        /// has.
        /// </summary>
        public ulong TransmissionEnds
        {
            get
            {
                return transmission.IsRunning
                    ? transmission.Ends + (ulong)outgoing.Count * CharacterNanoseconds : 0;
            }
        }

        /// <summary>
        /// What it asks a DMA controller for: bit 0 to take a character, bit 1 for one to send.
        /// </summary>
        public uint Requests
        {
            get
            {
                return (IsSet(Cr3, Dmar) && arrived > 0 ? 1u : 0)
                    | (IsSet(Cr3, Dmat) && IsOn(Te) && outgoing.Count < Depth ? 2u : 0);
            }
        }

        /// <summary>It asks a DMA controller for something.</summary>
        public event Action RequestRaised;

        /// <summary>The kernel clock in Hz.</summary>
        public ulong Frequency { get; set; }

        public GPIO IRQ { get; private set; }

        public long Size
        {
            get { return 0x400; }
        }

        public override uint BaudRate
        {
            get { return (uint)(HalfBitsPerCharacter * NanosecondsPerSecond / CharacterNanoseconds / 2); }
        }

        public override Bits StopBits
        {
            get
            {
                return new[] { Bits.One, Bits.Half, Bits.Two, Bits.OneAndAHalf }
                    [(registers[Cr2 / 4] >> 12) & 3];
            }
        }

        public override Parity ParityBit
        {
            get { return !IsSet(Cr1, Pce) ? Parity.None : IsSet(Cr1, Ps) ? Parity.Odd : Parity.Even; }
        }

        protected override void CharWritten()
        {
            StartReception();
        }

        protected override void QueueEmptied()
        {
        }

        private void Transmit(byte character)
        {
            if(outgoing.Count == Depth)
            {
                // While it is full, the data register loses its content to the new character.
                var kept = outgoing.Take(Depth - 1).ToArray();
                outgoing.Clear();
                foreach(var one in kept)
                {
                    outgoing.Enqueue(one);
                }
            }
            outgoing.Enqueue(character);
            flags &= ~Tc;
            StartTransmission();
        }

        private void StartTransmission()
        {
            if(!transmission.IsRunning && outgoing.Count > 0 && IsOn(Te))
            {
                shifting = outgoing.Dequeue();
                transmission.Start(CharacterNanoseconds);
            }
        }

        private void FinishTransmission()
        {
            TransmitCharacter(shifting);
            if(outgoing.Count > 0)
            {
                shifting = outgoing.Dequeue();
                transmission.Start(CharacterNanoseconds);
            }
            else
            {
                transmission.Stop();
                flags |= Tc;
            }
            UpdateInterrupt();
        }

        private void StartReception()
        {
            if(!reception.IsRunning && Count > arrived && IsOn(Re))
            {
                silence.Stop();
                reception.Start(CharacterNanoseconds);
            }
        }

        private void FinishReception()
        {
            // Where there is no room, the character stays on the line, and those after it.
            var room = arrived < Depth;
            if(room)
            {
                arrived++;
            }
            if(room && Count > arrived)
            {
                reception.Start(CharacterNanoseconds);
            }
            else
            {
                reception.Stop();
                if(room)
                {
                    silence.Start(CharacterNanoseconds);
                }
            }
            UpdateInterrupt();
        }

        private void NoticeSilence()
        {
            silence.Stop();
            flags |= Idle;
            UpdateInterrupt();
        }

        private uint TakeCharacter()
        {
            if(arrived > 0)
            {
                TryGetCharacter(out lastReceived);
                arrived--;
                if(!reception.IsRunning && Count > arrived && IsOn(Re))
                {
                    // It has waited on the line for room.
                    FinishReception();
                }
                UpdateInterrupt();
            }
            return lastReceived;
        }

        private void DropArrived()
        {
            for(byte character; arrived > 0; arrived--)
            {
                TryGetCharacter(out character);
            }
        }

        private void StopTraffic()
        {
            transmission.Stop();
            reception.Stop();
            silence.Stop();
            outgoing.Clear();
            DropArrived();
            flags = Tc;
        }

        private void UpdateInterrupt()
        {
            // The enable bits of CR1 for IDLE, RXNE, TC and TXE stand where the flags do.
            var pending = Status & registers[Cr1 / 4] & (Idle | Rxne | Tc | Txe);
            pending |= IsSet(Cr1, Txfeie) ? Status & Txfe : 0;
            pending |= IsSet(Cr1, Rxffie) ? Status & Rxff : 0;
            pending |= IsSet(Cr3, Rxftie) ? Status & Rxft : 0;
            pending |= IsSet(Cr3, Txftie) ? Status & Txft : 0;
            IRQ.Set(IsSet(Cr1, Ue) && pending != 0);
            var raised = RequestRaised;
            if(raised != null && Requests != 0)
            {
                raised();
            }
        }

        // During a block of instructions, virtual time stands where the block began.
        private void SynchroniseTime()
        {
            CPU.ICPU cpu;
            if(machine.SystemBus.TryGetCurrentCPU(out cpu))
            {
                cpu.SyncTime();
            }
        }

        private bool IsSet(int register, uint bit)
        {
            return (registers[register / 4] & bit) != 0;
        }

        private bool IsOn(uint direction)
        {
            return IsSet(Cr1, Ue) && IsSet(Cr1, direction);
        }

        private int Depth
        {
            get { return IsSet(Cr1, Fifoen) ? 8 : 1; }
        }

        private uint Status
        {
            get
            {
                var value = flags | (arrived > 0 ? Rxne : 0) | (outgoing.Count < Depth ? Txe : 0)
                    | (IsOn(Te) ? Teack : 0) | (IsOn(Re) ? Reack : 0);
                if(IsSet(Cr1, Fifoen))
                {
                    value |= (outgoing.Count == 0 ? Txfe : 0) | (arrived == Depth ? Rxff : 0)
                        | (arrived >= Threshold(25) ? Rxft : 0)
                        | (Depth - outgoing.Count >= Threshold(29) ? Txft : 0);
                }
                return value;
            }
        }

        // RXFTCFG and TXFTCFG: eighths of the depth (RM0432 50.8.4).
        private int Threshold(int lowestBit)
        {
            return new[] { 1, 2, 4, 6, 7, 8, 8, 8 }[(registers[Cr3 / 4] >> lowestBit) & 7];
        }

        private ulong HalfBitsPerCharacter
        {
            get
            {
                var dataBits = IsSet(Cr1, M1) ? 7u : IsSet(Cr1, M0) ? 9u : 8u;
                return 2 * (1 + dataBits) + new[] { 2u, 1u, 4u, 3u }[(registers[Cr2 / 4] >> 12) & 3];
            }
        }

        // RM0432 50.5.7, 51.4.6.
        private ulong CharacterNanoseconds
        {
            get
            {
                ulong divisor = registers[Brr / 4];
                var multiplier = lowPower ? 256ul : 1ul;
                if(!lowPower && IsSet(Cr1, Over8))
                {
                    multiplier = 2;
                    divisor = (divisor & 0xFFF0) | ((divisor & 7) << 1);
                }
                divisor *= new[] { 1ul, 2ul, 4ul, 6ul, 8ul, 10ul, 12ul, 16ul, 32ul, 64ul, 128ul, 256ul }
                    [Math.Min(registers[Presc / 4] & 15, 11)];
                if(divisor == 0)
                {
                    return 10 * NanosecondsPerSecond / DefaultBaudRate;
                }
                var rate = 2 * multiplier * Frequency;
                return (HalfBitsPerCharacter * divisor * NanosecondsPerSecond + rate - 1) / rate;
            }
        }

        private const ulong NanosecondsPerSecond = 1000000000;
        private const ulong DefaultBaudRate = 115200;

        private const int Cr1 = 0x00, Cr2 = 0x04, Cr3 = 0x08, Brr = 0x0C, Rqr = 0x18, Isr = 0x1C, Icr = 0x20,
            Rdr = 0x24, Tdr = 0x28, Presc = 0x2C;
        private const uint Ue = 1u << 0, Re = 1u << 2, Te = 1u << 3, Ps = 1u << 9, Pce = 1u << 10,
            M0 = 1u << 12, Over8 = 1u << 15;
        private const uint M1 = 1u << 28, Fifoen = 1u << 29, Txfeie = 1u << 30, Rxffie = 1u << 31;
        private const uint Dmar = 1u << 6, Dmat = 1u << 7, Txftie = 1u << 23, Rxftie = 1u << 28;
        private const uint Idle = 1u << 4, Rxne = 1u << 5, Tc = 1u << 6, Txe = 1u << 7, Teack = 1u << 21,
            Reack = 1u << 22;
        private const uint Txfe = 1u << 23, Rxff = 1u << 24, Rxft = 1u << 26, Txft = 1u << 27;
        private const uint Rxfrq = 1u << 3, Txfrq = 1u << 4;

        private readonly IMachine machine;
        private readonly bool lowPower;
        private readonly bool fifo;
        private readonly CharacterTimer transmission;
        private readonly CharacterTimer reception;
        private readonly CharacterTimer silence;
        private readonly uint[] registers = new uint[Presc / 4 + 1];
        private readonly Queue<byte> outgoing = new Queue<byte>();
        private uint flags;
        private byte shifting;
        // Of the characters in the queue, those that are in the receive register or FIFO.
        private int arrived;
        private byte lastReceived;

        /// <summary>
        /// Counts nanoseconds, and goes on from 0 when it has reached its end, unless it is stopped. What it
        /// knows of its timer it keeps itself: to ask a Renode timer anything costs an update of all timers
        /// of the machine.
        /// </summary>
        private class CharacterTimer
        {
            public CharacterTimer(IMachine machine, IPeripheral owner, string name, Action ended)
            {
                this.machine = machine;
                timer = new LimitTimer(machine.ClockSource, 1000000000, owner, name, limit: 1,
                    direction: Direction.Ascending, eventEnabled: true);
                timer.LimitReached += ended;
            }

            /// <summary>Starts, or, at the end, lets it go on, for that long.</summary>
            public void Start(ulong nanoseconds)
            {
                if(duration != nanoseconds)
                {
                    duration = nanoseconds;
                    timer.Limit = nanoseconds;
                }
                if(!IsRunning)
                {
                    IsRunning = true;
                    timer.Value = 0;
                    timer.Enabled = true;
                }
                Ends = machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds + nanoseconds;
            }

            public void Stop()
            {
                if(IsRunning)
                {
                    IsRunning = false;
                    timer.Enabled = false;
                }
            }

            public bool IsRunning { get; private set; }

            public ulong Ends { get; private set; }

            private readonly IMachine machine;
            private readonly LimitTimer timer;
            private ulong duration;
        }
    }
}
