//
// The host's end of a UART, and its hold on time. Renode runs for a given time and cannot be stopped within
// it; here it runs for ever, and is held at the points where it synchronises with itself, whose distance is
// set anew at each.
//
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.IRQControllers;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Peripherals.UART
{
    public class HostLink : IUART
    {
        public HostLink(IMachine machine, IUART uart, CortexM cpu)
        {
            this.machine = machine;
            this.uart = uart;
            this.cpu = cpu;
            // A Stm32Usart, by reflection: up to Renode 1.15 what one included file defines is unknown to the
            // next.
            transmissionEnds = Method<Func<ulong>>("get_TransmissionEnds");
            receptionEnds = Method<Func<ulong>>("get_ReceptionEnds");
            inTransmission = Method<Func<int>>("get_InTransmission");
            waiting = Method<Func<int>>("get_Waiting");
            dropWaiting = Method<Action>("DropWaiting");
        }

        public void Reset()
        {
            output.SetLength(0);
            dropped = 0;
            resetAt = Microseconds(machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds);
        }

        /// <summary>
        /// How many instructions the core executes, on average over each 10 ms. Renode has only whole numbers
        /// a microsecond, so the first part of each 10 ms is executed at the next higher one.
        /// </summary>
        public ulong InstructionsPerMillisecond { get; set; } = 100000;

        /// <summary>
        /// Forgets everything that is on the line in either direction, or has left the board and was not
        /// taken.
        /// </summary>
        public void Empty()
        {
            dropWaiting();
            dropped = inTransmission();
            output.SetLength(0);
        }

        /// <summary>
        /// Puts characters on the line to the board, where they wait until the guest takes them.
        /// </summary>
        public void Send(byte[] characters)
        {
            foreach(var character in characters)
            {
                CharReceived(character);
            }
        }

        /// <summary>
        /// Takes what has left the board, in Base64. For each character: itself (1 byte), the virtual time in
        /// ns at which it had left and the number of instructions that were executed by then (8 bytes each,
        /// little-endian).
        /// </summary>
        public string TakeOutput()
        {
            var taken = Convert.ToBase64String(output.ToArray());
            output.SetLength(0);
            return taken;
        }

        // From the UART: a character has left.
        public void WriteChar(byte character)
        {
            if(dropped > 0)
            {
                dropped--;
                return;
            }
            output.WriteByte(character);
            output.Write(BitConverter.GetBytes(machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds), 0,
                sizeof(ulong));
            output.Write(BitConverter.GetBytes(cpu.ExecutedInstructions), 0, sizeof(ulong));
        }

        /// <summary>
        /// Runs until the virtual time, or until the board has sent something and fallen silent; returns
        /// "output" if it has sent something, else "asleep" if it sleeps with nothing to wake it, else
        /// "deadline"; or "aborted" where the core has stopped for good.
        ///
        /// Between steps the time is a whole number of microseconds. That is a whole number of instructions
        /// too, so a run does not depend on how it was divided.
        /// </summary>
        public string Run(ulong untilMicroseconds)
        {
            deadline = untilMicroseconds;
            asleep = false;
            stepGrowth = FirstStep;
            if(runner == null)
            {
                var emulation = EmulationManager.Instance.CurrentEmulation;
                time = emulation.MasterTimeSource;
                time.SyncHook += HoldOrGoOn;
                time.Quantum = NextStep();
                runner = new Thread(() => emulation.RunFor(TimeInterval.FromSeconds(Lifetime)))
                    { IsBackground = true };
                runner.Start();
            }
            else
            {
                goOn.Set();
            }
            // For a core that has aborted Renode waits, and never comes to a point where it could be held.
            while(!held.WaitOne(AbortCheckMilliseconds))
            {
                if((bool)Aborted.GetValue(cpu))
                {
                    return "aborted";
                }
            }
            return reason;
        }

        public event Action<byte> CharReceived;

        public uint BaudRate
        {
            get { return uart.BaudRate; }
        }

        public Bits StopBits
        {
            get { return uart.StopBits; }
        }

        public Parity ParityBit
        {
            get { return uart.ParityBit; }
        }

        private T Method<T>(string name) where T : class
        {
            return (T)(object)Delegate.CreateDelegate(typeof(T), uart, name);
        }

        private void HoldOrGoOn(TimeInterval now)
        {
            var instructions = cpu.ExecutedInstructions;
            asleep = instructions != 0 && instructions == instructionsBefore && IsAsleepForGood();
            instructionsBefore = instructions;
            var silent = transmissionEnds() == 0;
            if(output.Length != 0 && silent || Microseconds(now.TotalNanoseconds) >= deadline)
            {
                reason = output.Length != 0 ? "output" : asleep ? "asleep" : "deadline";
                held.Set();
                goOn.WaitOne();
            }
            time.Quantum = NextStep();
        }

        // To the next event on the line, or, where none is under way, in growing steps: most answers come at
        // once.
        private TimeInterval NextStep()
        {
            var now = machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds;
            var end = deadline * 1000;
            var traffic = new[] { transmissionEnds(), receptionEnds() }.Where(ends => ends > now).ToArray();
            if(traffic.Length != 0)
            {
                stepGrowth = FirstStep;
                end = Math.Min(end, traffic.Min());
            }
            else if(!asleep)
            {
                end = Math.Min(end, now + stepGrowth * 1000);
                stepGrowth = Math.Min(2 * stepGrowth, LongestStep);
            }
            var step = Math.Max(Microseconds(end) - Microseconds(now), 1);
            var sameSpeed = SetSpeed(Microseconds(now));
            return TimeInterval.FromMicroseconds(asleep ? step : Math.Min(step, sameSpeed));
        }

        // Returns for how many microseconds this speed holds. It depends on the time since reset alone.
        private ulong SetSpeed(ulong now)
        {
            var faster = InstructionsPerMillisecond % 1000 * SpeedPeriod / 1000;
            var place = (now - resetAt) % SpeedPeriod;
            cpu.PerformanceInMips = (uint)(InstructionsPerMillisecond / 1000) + (place < faster ? 1u : 0u);
            return faster == 0 ? ulong.MaxValue : (place < faster ? faster : SpeedPeriod) - place;
        }

        private bool IsAsleepForGood()
        {
            return transmissionEnds() == 0 && waiting() == 0
                && !machine.ClockSource.GetAllClockEntries().Any(CanWake);
        }

        private static bool CanWake(ClockEntry entry)
        {
            var timer = entry.Owner as STM32_Timer;
            // Our own devices', by reflection as above.
            var canWake = entry.Owner.GetType().GetProperty("CanWake");
            return entry.Enabled && (entry.Owner is NVIC || timer != null
                && timer.ReadDoubleWord(TimerInterruptEnable) != 0
                || canWake != null && (bool)canWake.GetValue(entry.Owner));
        }

        private static ulong Microseconds(ulong nanoseconds)
        {
            return (nanoseconds + 999) / 1000;
        }

        // Up to Renode 1.15 it does not show.
        private static readonly FieldInfo Aborted = typeof(BaseCPU).GetField("isAborted",
            BindingFlags.Instance | BindingFlags.NonPublic);

        private const int AbortCheckMilliseconds = 100;
        private const ulong FirstStep = 100;
        private const ulong LongestStep = 5000;
        private const ulong SpeedPeriod = 10000;
        private const ulong Lifetime = 1000000000;
        private const long TimerInterruptEnable = 0x0C;

        private readonly IMachine machine;
        private readonly IUART uart;
        private readonly Func<ulong> transmissionEnds;
        private readonly Func<ulong> receptionEnds;
        private readonly Func<int> inTransmission;
        private readonly Func<int> waiting;
        private readonly Action dropWaiting;
        private readonly CortexM cpu;
        private readonly MemoryStream output = new MemoryStream();
        private readonly AutoResetEvent goOn = new AutoResetEvent(false);
        private readonly AutoResetEvent held = new AutoResetEvent(false);
        private MasterTimeSource time;
        private Thread runner;
        private ulong deadline;
        private ulong stepGrowth;
        private ulong resetAt;
        private ulong instructionsBefore;
        private string reason;
        private bool asleep;
        private int dropped;
    }
}
