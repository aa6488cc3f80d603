//
// STM32 registers and clocks that Renode has no model for, and a loader for images of any format.
//
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

using Antmicro.Renode.Core;
using Antmicro.Renode.Core.Extensions;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Utilities;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    /// <summary>
    /// Registers that read as written, except for what the chip itself writes. Rules name a register by its
    /// offset and are separated by semicolons: initial "0x00=0x63; 0x0C=0x1000" gives values after reset;
    /// follows "0x00: 1=0 10=8; 0x3C: 16=0x0C.16" makes a status bit read as an enable bit, of the same
    /// register or of the one whose offset is given; set "0x14: 8 9" and clear "0x14: 10" make bits read so
    /// always.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class ChipRegisters : IDoubleWordPeripheral, IKnownSize
    {
        public ChipRegisters(IMachine machine, int size, string initial = "", string follows = "",
            string set = "",
            string clear = "")
        {
            Machine = machine;
            Size = size;
            values = new uint[size / 4];
            initialValues = Split(initial, ';').Select(rule => rule.Split('='))
                .ToDictionary(Offset, rule => (uint)Number(rule[1]));
            foreach(var rule in Split(follows, ';').Select(rule => rule.Split(':')))
            {
                foreach(var pair in Split(rule[1], ' ').Select(pair => pair.Split('=')))
                {
                    var source = pair[1].Split('.');
                    this.follows.Add(new Follow
                    {
                        Offset = Offset(rule),
                        StatusBit = (int)Number(pair[0]),
                        EnableOffset = source.Length == 2 ? Offset(source) : Offset(rule),
                        EnableBit = (int)Number(source.Last()),
                    });
                }
            }
            this.set = Masks(set);
            this.clear = Masks(clear);
            LoadInitialValues();
        }

        public virtual void Reset()
        {
            LoadInitialValues();
        }

        public uint ReadDoubleWord(long offset)
        {
            return values[offset / 4];
        }

        public virtual void WriteDoubleWord(long offset, uint value)
        {
            values[offset / 4] = value;
            ApplyRules();
        }

        public long Size { get; private set; }

        /// <summary>The register's bits [lowest .. lowest + width - 1].</summary>
        protected uint Field(long offset, int lowest, int width)
        {
            return (values[offset / 4] >> lowest) & ((1u << width) - 1u);
        }

        protected IMachine Machine { get; private set; }

        private static string[] Split(string text, char separator)
        {
            return text.Split(new[] { separator }, StringSplitOptions.RemoveEmptyEntries)
                .Where(part => part.Trim() != "").ToArray();
        }

        private static ulong Number(string text)
        {
            text = text.Trim();
            return text.StartsWith("0x") ? Convert.ToUInt64(text, 16) : Convert.ToUInt64(text);
        }

        private static long Offset(string[] rule)
        {
            return (long)Number(rule[0]);
        }

        private static Dictionary<long, uint> Masks(string rules)
        {
            return Split(rules, ';').Select(rule => rule.Split(':')).ToDictionary(Offset,
                rule => Split(rule[1], ' ').Aggregate(0u, (mask, bit) => mask | 1u << (int)Number(bit)));
        }

        private void LoadInitialValues()
        {
            Array.Clear(values, 0, values.Length);
            foreach(var rule in initialValues)
            {
                values[rule.Key / 4] = rule.Value;
            }
            ApplyRules();
        }

        private void ApplyRules()
        {
            foreach(var rule in follows)
            {
                var mask = 1u << rule.StatusBit;
                var enabled = Field(rule.EnableOffset, rule.EnableBit, 1) != 0;
                values[rule.Offset / 4] = enabled ? values[rule.Offset / 4] | mask
                    : values[rule.Offset / 4] & ~mask;
            }
            foreach(var rule in set)
            {
                values[rule.Key / 4] |= rule.Value;
            }
            foreach(var rule in clear)
            {
                values[rule.Key / 4] &= ~rule.Value;
            }
        }

        private readonly uint[] values;
        private readonly Dictionary<long, uint> initialValues;
        private readonly List<Follow> follows = new List<Follow>();
        private readonly Dictionary<long, uint> set;
        private readonly Dictionary<long, uint> clear;

        private struct Follow
        {
            public long Offset;
            public int StatusBit;
            public long EnableOffset;
            public int EnableBit;
        }
    }

    /// <summary>
    /// Memory that the guest cannot write and which reads as erased flash, but for the words of `initial`.
    /// </summary>
    [AllowedTranslations(AllowedTranslation.ByteToDoubleWord | AllowedTranslation.WordToDoubleWord)]
    public class ErasedFlash : IDoubleWordPeripheral, IKnownSize
    {
        public ErasedFlash(int size, string initial = "")
        {
            Size = size;
            words = initial.Split(new[] { ';', ' ' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Split('='))
                .ToDictionary(pair => Convert.ToInt64(pair[0], 16), pair => Convert.ToUInt32(pair[1], 16));
        }

        public void Reset()
        {
        }

        public uint ReadDoubleWord(long offset)
        {
            uint word;
            return words.TryGetValue(offset, out word) ? word : 0xFFFFFFFF;
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            this.Log(LogLevel.Warning, "0x{0:X8} was written to offset 0x{1:X} of read-only memory",
                value, offset);
        }

        public long Size { get; private set; }

        private readonly Dictionary<long, uint> words;
    }

    /// <summary>
    /// Reset and clock control: gives every peripheral named in `clocks` ("nvic=core tim2=timer_apb1 ...")
    /// the frequency that the registers select. A clock that is switched off keeps its last frequency.
    /// </summary>
    public abstract class Stm32Clocks : ChipRegisters
    {
        protected Stm32Clocks(IMachine machine, int size, ulong hse, string clocks, string initial,
            string follows,
            string set, string clear)
            : base(machine, size, initial, follows, set, clear)
        {
            Hse = hse;
            clockOfPeripheral = clocks.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Split('='))
                .ToDictionary(pair => pair[0], pair => pair[1]);
            // Renode's models return to their own initial frequency, in an order that is not ours to choose.
            machine.MachineReset += _ => UpdatePeripherals();
        }

        public override void WriteDoubleWord(long offset, uint value)
        {
            base.WriteDoubleWord(offset, value);
            UpdatePeripherals();
        }

        /// <summary>
        /// The frequency of the clock `name` in Hz, as the registers stand; 0 where it is off.
        /// </summary>
        public ulong ClockHz(string name)
        {
            ulong frequency;
            if(!Clocks().TryGetValue(name, out frequency))
            {
                throw new RecoverableException(String.Format("{0} has no clock {1}", GetType().Name, name));
            }
            return frequency;
        }

        /// <summary>The frequency in Hz of what clocks the peripheral `name`.</summary>
        public ulong PeripheralClockHz(string name)
        {
            return ClockHz(clockOfPeripheral[name]);
        }

        /// <summary>Every clock that peripherals use, by name, in Hz.</summary>
        protected abstract Dictionary<string, ulong> Clocks();

        /// <summary>
        /// AHB prescaler field: 0 to 7 do not divide; 8 to 15 divide by 2 to 512, leaving out 32.
        /// </summary>
        protected static ulong AhbDivider(uint field)
        {
            return field < 8 ? 1ul : field < 12 ? 2ul << (int)(field - 8) : 64ul << (int)(field - 12);
        }

        /// <summary>APB prescaler field: 0 to 3 do not divide; 4 to 7 divide by 2 to 16.</summary>
        protected static ulong ApbDivider(uint field)
        {
            return field < 4 ? 1ul : 2ul << (int)(field - 4);
        }

        /// <summary>Timers run at twice an APB clock that is divided, else at that clock.</summary>
        protected static ulong TimerClock(ulong apbClock, ulong apbDivider)
        {
            return apbDivider == 1 ? apbClock : 2 * apbClock;
        }

        /// <summary>
        /// Timers with TIMPRE set run at the AHB clock up to an APB divider of 4, else at four times the APB
        /// clock.
        /// </summary>
        protected static ulong TimerClock(ulong apbClock, ulong apbDivider, uint timpre)
        {
            return timpre == 0 ? TimerClock(apbClock, apbDivider) : apbClock * Math.Min(apbDivider, 4);
        }

        /// <summary>RTCSEL and RTCEN of the backup domain's register; 0 where the clock is off.</summary>
        protected ulong RtcClock(long bdcr, ulong dividedHse)
        {
            return Field(bdcr, 15, 1) == 0 ? 0 : new[] { 0ul, Lse, Lsi, dividedHse }[Field(bdcr, 8, 2)];
        }

        /// <summary>RTCPRE: 0 and 1 are no clock.</summary>
        protected static ulong Divided(ulong hse, uint divider)
        {
            return divider > 1 ? hse / divider : 0;
        }

        protected readonly ulong Hse;
        protected const ulong Lse = 32768;
        protected const ulong Lsi = 32000;

        private void UpdatePeripherals()
        {
            var clocks = Clocks();
            foreach(var entry in clockOfPeripheral)
            {
                ulong frequency;
                if(!clocks.TryGetValue(entry.Value, out frequency))
                {
                    throw new RecoverableException(
                        String.Format("{0} has no clock {1}", GetType().Name, entry.Value));
                }
                IPeripheral peripheral;
                if(!Machine.TryGetByName("sysbus." + entry.Key, out peripheral))
                {
                    throw new RecoverableException(String.Format("no peripheral {0} on sysbus", entry.Key));
                }
                if(frequency != 0)
                {
                    SetFrequency(peripheral, frequency);
                }
            }
        }

        // Renode's models take their frequency once, when they are made. Some show it as a property, some
        // keep it in timers inside, and timers do both.
        private static void SetFrequency(IPeripheral peripheral, ulong frequency)
        {
            if(TrySetFrequencyProperty(peripheral, frequency) && !(peripheral is LimitTimer))
            {
                return;
            }
            foreach(var field in peripheral.GetType()
                .GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
            {
                if(field.FieldType == typeof(LimitTimer))
                {
                    TrySetFrequencyProperty(field.GetValue(peripheral), frequency);
                }
                else if(field.FieldType == typeof(LimitTimer[]))
                {
                    foreach(var timer in (LimitTimer[])field.GetValue(peripheral))
                    {
                        TrySetFrequencyProperty(timer, frequency);
                    }
                }
            }
        }

        // Its type is long up to Renode 1.15 and ulong from 1.16 on.
        private static bool TrySetFrequencyProperty(object model, ulong frequency)
        {
            var property = model.GetType().GetProperty("Frequency");
            if(property == null)
            {
                return false;
            }
            var value = Convert.ChangeType(frequency, property.PropertyType);
            if(!value.Equals(property.GetValue(model)))
            {
                property.SetValue(model, value);
            }
            return true;
        }

        private readonly Dictionary<string, string> clockOfPeripheral;
    }

    /// <summary>RM0432 6.4: STM32L4+.</summary>
    public class Stm32L4Clocks : Stm32Clocks
    {
        public Stm32L4Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var msi = MsiRanges[Field(Cr, 3, 1) != 0 ? Field(Cr, 4, 4) : Field(Csr, 8, 4)];
            var sources = new[] { msi, Hsi, Hse, Pll(msi) };
            var system = sources[Field(Cfgr, 0, 2)];
            var core = system / AhbDivider(Field(Cfgr, 4, 4));
            var divider1 = ApbDivider(Field(Cfgr, 8, 3));
            var divider2 = ApbDivider(Field(Cfgr, 11, 3));
            var apb1 = core / divider1;
            var apb2 = core / divider2;
            Func<ulong, int, ulong> uart = (apb, lowest) =>
                new[] { apb, system, Hsi, Lse }[Field(Ccipr, lowest, 2)];
            Func<int, ulong> lptim = lowest => new[] { apb1, Lsi, Hsi, Lse }[Field(Ccipr, lowest, 2)];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb1", TimerClock(apb1, divider1) },
                { "timer_apb2", TimerClock(apb2, divider2) },
                { "usart1", uart(apb2, 0) },
                { "usart2", uart(apb1, 2) },
                { "usart3", uart(apb1, 4) },
                { "uart4", uart(apb1, 6) },
                { "uart5", uart(apb1, 8) },
                { "lpuart1", uart(apb1, 10) },
                { "lptim1", lptim(18) },
                { "lptim2", lptim(20) },
                { "rtc", RtcClock(Bdcr, Hse / 32) },
            };
        }

        private ulong Pll(ulong msi)
        {
            var input = new[] { 0ul, msi, Hsi, Hse }[Field(Pllcfgr, 0, 2)];
            return input / (Field(Pllcfgr, 4, 4) + 1)
                * Field(Pllcfgr, 8, 7) / (2 * (Field(Pllcfgr, 25, 2) + 1));
        }

        private const ulong Hsi = 16000000;
        private const long Cr = 0x00, Cfgr = 0x08, Pllcfgr = 0x0C, Ccipr = 0x88, Bdcr = 0x90, Csr = 0x94;

        private static readonly ulong[] MsiRanges =
        {
            100000, 200000, 400000, 800000, 1000000, 2000000, 4000000, 8000000, 16000000, 24000000,
            32000000, 48000000,
            48000000, 48000000, 48000000, 48000000 // the last four are reserved
        };
    }

    /// <summary>RM0456 11.8: STM32U5.</summary>
    public class Stm32U5Clocks : Stm32Clocks
    {
        public Stm32U5Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var ownRange = Field(Icscr1, 23, 1) != 0;
            var msis = MsiRanges[ownRange ? Field(Icscr1, 28, 4) : Field(Csr, 12, 4)];
            var msik = MsiRanges[ownRange ? Field(Icscr1, 24, 4) : Field(Csr, 8, 4)];
            var system = new[] { msis, Hsi, Hse, Pll(msis) }[Field(Cfgr1, 0, 2)];
            var core = system / AhbDivider(Field(Cfgr2, 0, 4));
            var divider1 = ApbDivider(Field(Cfgr2, 4, 3));
            var divider2 = ApbDivider(Field(Cfgr2, 8, 3));
            var apb1 = core / divider1;
            var apb2 = core / divider2;
            var apb3 = core / ApbDivider(Field(Cfgr3, 4, 3));
            Func<ulong, int, ulong> uart = (apb, lowest) =>
                new[] { apb, system, Hsi, Lse }[Field(Ccipr1, lowest, 2)];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb1", TimerClock(apb1, divider1) },
                { "timer_apb2", TimerClock(apb2, divider2) },
                { "usart1", uart(apb2, 0) },
                { "usart2", uart(apb1, 2) },
                { "usart3", uart(apb1, 4) },
                { "uart4", uart(apb1, 6) },
                { "uart5", uart(apb1, 8) },
                { "lpuart1", new[] { apb3, system, Hsi, Lse, msik, 0ul, 0ul, 0ul }[Field(Ccipr3, 0, 3)] },
                { "lptim1", new[] { msik, Lsi, Hsi, Lse }[Field(Ccipr3, 10, 2)] },
                { "lptim2", new[] { apb1, Lsi, Hsi, Lse }[Field(Ccipr1, 18, 2)] },
                { "lptim34", new[] { msik, Lsi, Hsi, Lse }[Field(Ccipr3, 8, 2)] },
                { "rtc", RtcClock(Bdcr, Hse / 32) },
            };
        }

        private ulong Pll(ulong msis)
        {
            var input = new[] { 0ul, msis, Hsi, Hse }[Field(Pll1Cfgr, 0, 2)] / (Field(Pll1Cfgr, 8, 4) + 1);
            var fraction = Field(Pll1Cfgr, 4, 1) != 0 ? Field(Pll1Fracr, 3, 13) : 0u;
            return input * ((Field(Pll1Divr, 0, 9) + 1ul) * 8192 + fraction) / 8192
                / (Field(Pll1Divr, 24, 7) + 1);
        }

        private const ulong Hsi = 16000000;
        private const long Icscr1 = 0x08, Cfgr1 = 0x1C, Cfgr2 = 0x20, Cfgr3 = 0x24, Pll1Cfgr = 0x28,
            Pll1Divr = 0x34;
        private const long Pll1Fracr = 0x38, Ccipr1 = 0xE0, Ccipr3 = 0xE8, Bdcr = 0xF0, Csr = 0xF4;

        private static readonly ulong[] MsiRanges =
        {
            48000000, 24000000, 16000000, 12000000, 4000000, 2000000, 1330000, 1000000,
            3072000, 1536000, 1024000, 768000, 400000, 200000, 133000, 100000
        };
    }

    /// <summary>RM0487, reset and clock control: STM32U3, which has no PLL.</summary>
    public class Stm32U3Clocks : Stm32Clocks
    {
        public Stm32U3Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var ownRange = Field(Icscr1, 23, 1) != 0;
            var msis = ownRange ? Msirc[Field(Icscr1, 31, 1)] >> (int)Field(Icscr1, 29, 2)
                : Msirc[1] >> (int)Field(Csr, 12, 2);
            var msik = ownRange ? Msirc[Field(Icscr1, 28, 1)] >> (int)Field(Icscr1, 26, 2)
                : Msirc[1] >> (int)Field(Csr, 8, 2);
            var system = new[] { msis, Hsi, Hse, 0ul }[Field(Cfgr1, 0, 2)];
            var core = system / AhbDivider(Field(Cfgr2, 0, 4));
            var divider1 = ApbDivider(Field(Cfgr2, 4, 3));
            var divider2 = ApbDivider(Field(Cfgr2, 8, 3));
            var apb1 = core / divider1;
            var apb2 = core / divider2;
            var apb3 = core / ApbDivider(Field(Cfgr3, 4, 3));
            Func<ulong, int, ulong> uart = (apb, bit) => new[] { apb, Hsi }[Field(Ccipr1, bit, 1)];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb1", TimerClock(apb1, divider1) },
                { "timer_apb2", TimerClock(apb2, divider2) },
                { "usart1", uart(apb2, 0) },
                { "usart3", uart(apb1, 2) },
                { "uart4", uart(apb1, 4) },
                { "uart5", uart(apb1, 6) },
                { "lpuart1", new[] { apb3, Hsi, Lse, msik }[Field(Ccipr3, 0, 2)] },
                { "lptim1", new[] { msik, Lsi, Hsi, Lse }[Field(Ccipr3, 10, 2)] },
                { "lptim2", new[] { apb1, Lsi, Hsi, Lse }[Field(Ccipr1, 18, 2)] },
                { "lptim34", new[] { msik, Lsi, Hsi, Lse }[Field(Ccipr3, 8, 2)] },
                { "rtc", RtcClock(Bdcr, Hse / 32) },
            };
        }

        private const ulong Hsi = 16000000;
        private const long Icscr1 = 0x08, Cfgr1 = 0x1C, Cfgr2 = 0x20, Cfgr3 = 0x24, Ccipr1 = 0x100,
            Ccipr3 = 0x108;
        private const long Bdcr = 0x110, Csr = 0x114;

        private static readonly ulong[] Msirc = { 96000000, 24000000 };
    }

    /// <summary>RM0455 8.7: STM32H7A3 and its siblings.</summary>
    public class Stm32H7A3Clocks : Stm32Clocks
    {
        public Stm32H7A3Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var hsi = 64000000ul >> (int)Field(Cr, 3, 2);
            var system = new[] { hsi, Csi, Hse, Pll(hsi), 0ul, 0ul, 0ul, 0ul }[Field(Cfgr, 0, 3)];
            var core = system / AhbDivider(Field(Cdcfgr1, 8, 4));
            var ahb = core / AhbDivider(Field(Cdcfgr1, 0, 4));
            var divider1 = ApbDivider(Field(Cdcfgr2, 4, 3));
            var divider2 = ApbDivider(Field(Cdcfgr2, 8, 3));
            var apb1 = ahb / divider1;
            var apb2 = ahb / divider2;
            var apb4 = ahb / ApbDivider(Field(Srdcfgr, 4, 3));
            var timpre = Field(Cfgr, 15, 1);
            // The second and third PLL, selected by 1 and 2, are not modelled.
            Func<ulong, uint, ulong> uart = (apb, select) =>
                new[] { apb, 0ul, 0ul, hsi, Csi, Lse, 0ul, 0ul }[select];
            var perCk = new[] { hsi, Csi, Hse, 0ul }[Field(Cdccipr, 28, 2)];
            Func<ulong, uint, ulong> lptim = (apb, select) =>
                new[] { apb, 0ul, 0ul, Lse, Lsi, perCk, 0ul, 0ul }[select];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb1", TimerClock(apb1, divider1, timpre) },
                { "timer_apb2", TimerClock(apb2, divider2, timpre) },
                { "usart1", uart(apb2, Field(Cdccip2r, 3, 3)) },
                { "usart2", uart(apb1, Field(Cdccip2r, 0, 3)) },
                { "usart3", uart(apb1, Field(Cdccip2r, 0, 3)) },
                { "lpuart1", uart(apb4, Field(Srdccipr, 0, 3)) },
                { "lptim1", lptim(apb1, Field(Cdccip2r, 28, 3)) },
                { "lptim2", lptim(apb4, Field(Srdccipr, 10, 3)) },
                { "lptim3", lptim(apb4, Field(Srdccipr, 13, 3)) },
                { "rtc", RtcClock(Bdcr, Divided(Hse, Field(Cfgr, 8, 6))) },
            };
        }

        private ulong Pll(ulong hsi)
        {
            var divider = Field(Pllckselr, 4, 6);
            if(divider == 0)
            {
                return 0;
            }
            var input = new[] { hsi, Csi, Hse, 0ul }[Field(Pllckselr, 0, 2)] / divider;
            var fraction = Field(Pllcfgr, 0, 1) != 0 ? Field(Pll1Fracr, 3, 13) : 0u;
            return input * ((Field(Pll1Divr, 0, 9) + 1ul) * 8192 + fraction) / 8192
                / (Field(Pll1Divr, 9, 7) + 1);
        }

        private const ulong Csi = 4000000;
        private const long Cr = 0x00, Cfgr = 0x10, Cdcfgr1 = 0x18, Cdcfgr2 = 0x1C, Srdcfgr = 0x20,
            Pllckselr = 0x28;
        private const long Pllcfgr = 0x2C, Pll1Divr = 0x30, Pll1Fracr = 0x34, Cdccipr = 0x4C, Cdccip2r = 0x54,
            Srdccipr = 0x58, Bdcr = 0x70;
    }

    /// <summary>RM0385 5.3: STM32F75x and F74x.</summary>
    public class Stm32F7Clocks : Stm32Clocks
    {
        public Stm32F7Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var system = new[] { Hsi, Hse, Pll(), 0ul }[Field(Cfgr, 0, 2)];
            var core = system / AhbDivider(Field(Cfgr, 4, 4));
            var divider1 = ApbDivider(Field(Cfgr, 10, 3));
            var divider2 = ApbDivider(Field(Cfgr, 13, 3));
            var apb1 = core / divider1;
            var apb2 = core / divider2;
            var timpre = Field(Dckcfgr1, 24, 1);
            Func<ulong, int, ulong> uart = (apb, lowest) =>
                new[] { apb, system, Hsi, Lse }[Field(Dckcfgr2, lowest, 2)];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb1", TimerClock(apb1, divider1, timpre) },
                { "timer_apb2", TimerClock(apb2, divider2, timpre) },
                { "usart1", uart(apb2, 0) },
                { "usart2", uart(apb1, 2) },
                { "usart3", uart(apb1, 4) },
                { "uart4", uart(apb1, 6) },
                { "uart5", uart(apb1, 8) },
                { "usart6", uart(apb2, 10) },
                { "uart7", uart(apb1, 12) },
                { "uart8", uart(apb1, 14) },
                { "lptim1", new[] { apb1, Lsi, Hsi, Lse }[Field(Dckcfgr2, 24, 2)] },
                { "rtc", RtcClock(Bdcr, Divided(Hse, Field(Cfgr, 16, 5))) },
            };
        }

        private ulong Pll()
        {
            var divider = Field(Pllcfgr, 0, 6);
            if(divider == 0)
            {
                return 0;
            }
            var input = (Field(Pllcfgr, 22, 1) != 0 ? Hse : Hsi) / divider;
            return input * Field(Pllcfgr, 6, 9) / (2 * (Field(Pllcfgr, 16, 2) + 1));
        }

        private const ulong Hsi = 16000000;
        private const long Pllcfgr = 0x04, Cfgr = 0x08, Bdcr = 0x70, Dckcfgr1 = 0x8C, Dckcfgr2 = 0x90;
    }

    /// <summary>RM0444 5.4: STM32G0x1.</summary>
    public class Stm32G0Clocks : Stm32Clocks
    {
        public Stm32G0Clocks(IMachine machine, int size, ulong hse, string clocks, string initial = "",
            string follows = "", string set = "", string clear = "")
            : base(machine, size, hse, clocks, initial, follows, set, clear)
        {
        }

        protected override Dictionary<string, ulong> Clocks()
        {
            var hsisys = Hsi >> (int)Field(Cr, 11, 3);
            var system = new[] { hsisys, Hse, Pll(), Lsi, Lse, 0ul, 0ul, 0ul }[Field(Cfgr, 0, 3)];
            var core = system / AhbDivider(Field(Cfgr, 8, 4));
            var divider = ApbDivider(Field(Cfgr, 12, 3));
            var apb = core / divider;
            Func<int, ulong> uart = lowest => new[] { apb, system, Hsi, Lse }[Field(Ccipr, lowest, 2)];
            return new Dictionary<string, ulong>
            {
                { "core", core },
                { "timer_apb", TimerClock(apb, divider) },
                { "usart1", uart(0) },
                { "usart2", uart(2) },
                { "usart3", uart(4) },
                { "lpuart1", uart(10) },
                { "lpuart2", uart(8) },
                { "pclk", apb },
                { "lptim1", new[] { apb, Lsi, Hsi, Lse }[Field(Ccipr, 18, 2)] },
                { "lptim2", new[] { apb, Lsi, Hsi, Lse }[Field(Ccipr, 20, 2)] },
                { "rtc", RtcClock(Bdcr, Hse / 32) },
            };
        }

        private ulong Pll()
        {
            var input = new[] { 0ul, 0ul, Hsi, Hse }[Field(Pllcfgr, 0, 2)] / (Field(Pllcfgr, 4, 3) + 1);
            return input * Field(Pllcfgr, 8, 7) / (Field(Pllcfgr, 29, 3) + 1);
        }

        private const ulong Hsi = 16000000;
        private const long Cr = 0x00, Cfgr = 0x08, Pllcfgr = 0x0C, Ccipr = 0x54, Bdcr = 0x5C;
    }

    public static class ImageLoader
    {
        /// <summary>
        /// Loads an ELF file, Intel HEX, or a flat image that belongs at `flash`: told apart by how they
        /// begin.
        /// </summary>
        public static void LoadImage(this IBusController sysbus, ReadFilePath file, ulong flash)
        {
            var start = new byte[4];
            using(var stream = System.IO.File.OpenRead(file))
            {
                stream.Read(start, 0, start.Length);
            }
            if(start.SequenceEqual(new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F' }))
            {
                sysbus.LoadELF(file);
            }
            else if(start[0] == (byte)':')
            {
                sysbus.LoadHEX(file);
            }
            else
            {
                sysbus.LoadBinary(file, flash);
            }
        }
    }
}
