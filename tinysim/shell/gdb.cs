// A GDB server that only this machine can reach. Renode's own command listens on all of its addresses.

using System;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading;

using Antmicro.Renode.Core;
using Antmicro.Renode.Exceptions;
using Antmicro.Renode.Utilities;

namespace Antmicro.Renode.Utilities.GDB
{
    public static class LoopbackGdbServer
    {
        // The board starts when GDB lets it.
        public static void StartLoopbackGdbServer(this IMachine machine, int port)
        {
            var server = new SocketServerProvider(false, serverName: "GDB");
            Member<FieldInfo>(type => type.GetField("server", Hidden)).SetValue(server, Listen(port));
            var acceptConnections = Member<MethodInfo>(type => type.GetMethod("ListenerThreadBody", Hidden));
            var closed = Member<FieldInfo>(type => type.GetField("ConnectionClosed", Hidden));

            machine.StartGdbServer(server);
            // Renode takes a server that is handed in as one that GDB is connected to already; it is not yet.
            ((Action)closed.GetValue(server))();
            server.ConnectionAccepted += delegate
            {
                if(!EmulationManager.Instance.CurrentEmulation.IsStarted)
                {
                    EmulationManager.Instance.CurrentEmulation.StartAll();
                }
            };
            new Thread(() => acceptConnections.Invoke(server, null)) { IsBackground = true, Name = "GDB" }
                .Start();
        }

        private static Socket Listen(int port)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                socket.Listen(1);
            }
            catch(SocketException e)
            {
                throw new RecoverableException($"Cannot listen on port {port}: {e.Message}");
            }
            return socket;
        }

        private static T Member<T>(Func<Type, T> find) where T : class
        {
            return find(typeof(SocketServerProvider))
                ?? throw new RecoverableException(
                    "This Renode's GDB server cannot be kept from other machines; Renode 1.16.1's can.");
        }

        private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
    }
}
