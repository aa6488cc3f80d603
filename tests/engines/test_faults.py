"""What the engine says of guests that fault, hang or sleep for ever."""

import pytest

from tests.engines.guest import SECOND_NS, Guest, assembly_guest, c_guest
from tinysim.board import load_board
from tinysim.engines import Stop
from tinysim.errors import GuestFault

FAULTS = {
    1: r"HardFault: undefined instruction \(UNDEFINSTR\), at undefined\+0x0 .*called from Reset_Handler",
    2: r"PRECISERR\), address 0x70000000, at guest\+",
    3: r"write to an address where nothing is \(IMPRECISERR\)",
    4: r"IBUSERR\), at 0x70000000, called from Reset_Handler",
    5: r"IACCVIOL\), at 0x40000000, called from Reset_Handler",
    6: r"INVSTATE\), at 0x08000100, called from Reset_Handler",
    7: r"at overflow\+.*called from overflow\+.*the core has locked up",
    8: r"breakpoint without a debugger, at guest\+",
    9: r"floating-point instruction while the FPU is off \(NOCP\), at guest\+",
    10: r"division by zero \(DIVBYZERO\), at guest\+",
    14: r"supervisor call where its exception cannot be taken, at guest\+",
    15: r"IACCVIOL\), at 0xfffffff8, called from Reset_Handler",
}


def asked_for(request: int) -> Guest:
    guest = Guest(c_guest("fault"))
    guest.engine.write_memory(0x2000_8000, request.to_bytes(4, "little"))
    return guest


@pytest.mark.parametrize("request_number", FAULTS)
def test_faults_are_told_by_name_place_and_registers(request_number):
    guest = asked_for(request_number)
    with pytest.raises(GuestFault, match=FAULTS[request_number]) as error:
        guest.run()
    assert "pc " in str(error.value)
    assert "cfsr" in str(error.value)
    # It stays so: the guest does not run on behind the report.
    with pytest.raises(GuestFault, match=FAULTS[request_number]):
        guest.run()


def test_a_fault_that_the_guest_handles_is_its_own_affair():
    guest = asked_for(11)
    assert guest.run() is Stop.ASLEEP
    assert guest.results() == [6, 1 << 16]


def test_a_division_is_judged_by_its_divisor_whichever_register_that_is():
    body = "ldr r2, =0xe000ed14; movw r3, #0x210; str r3, [r2]; dsb; isb; movs r0, #77; mov {divisor}, #7\n"
    body += "udiv r0, r0, {divisor}; sdiv r1, r0, {divisor}; wfi"
    for divisor in ("r1", "r8", "r12", "lr"):
        guest = Guest(assembly_guest(body.format(divisor=divisor)))
        assert guest.run() is Stop.ASLEEP
        registers = guest.engine.registers()
        assert (registers["r0"], registers["r1"]) == (11, 1)
    with pytest.raises(GuestFault, match="DIVBYZERO"):
        Guest(assembly_guest(body.format(divisor="lr").replace("lr, #7", "lr, #0"))).run()


def on_a_process_stack(top: int, body: str) -> str:
    """`body`, on a process stack with the limit 0x2000f000."""
    # MSR PSPLIM, r0 by its encoding: the guests are built for a core without it.
    return f"""
    ldr r0, =0x2000f000
    .inst.w 0xf380880b
    ldr r1, ={top:#x}
    msr psp, r1
    movs r2, #2
    msr control, r2
    isb
    {body}
    """


def test_a_stack_pointer_below_its_limit_is_a_fault():
    body = """
    push {r0, r1}
    .thumb_func
    .type limit, %function
limit:
    sub sp, #0x40
    movs r7, #1
    b .
    .size limit, . - limit
    """
    guest = Guest(assembly_guest(on_a_process_stack(0x2000_F020, body)), board=load_board("nucleo_u575zi_q"))
    with pytest.raises(GuestFault, match=r"below its limit \(STKOF\), at limit\+0x0") as error:
        guest.run()
    assert "cfsr 00100000" in str(error.value)
    assert "sp 2000f018" in str(error.value)


def test_an_exception_that_would_be_stacked_below_the_limit_is_a_fault():
    body = """
    ldr r3, =0xe000ed04
    movs r4, #1
    lsl r4, #26
    str r4, [r3]
    dsb
    isb
    b .
    .thumb_func
SysTick_Handler:
    bx lr
    """
    guest = Guest(assembly_guest(on_a_process_stack(0x2000_F018, body)), board=load_board("nucleo_u575zi_q"))
    with pytest.raises(GuestFault, match=r"HardFault: .*below its limit \(STKOF\)"):
        guest.run()
    assert guest.engine.registers()["psp"] == 0x2000_F000
    assert guest.engine.registers()["r4"] == 1 << 26


def test_a_fault_in_the_fault_handler_is_a_lockup():
    with pytest.raises(GuestFault, match="locked up"):
        asked_for(12).run()


def test_registers_are_those_of_the_fault():
    guest = Guest(assembly_guest("movs r0, #17; movs r5, #34; mov lr, r0; udf #0"))
    with pytest.raises(GuestFault, match=r"r0 00000011 .*\n.*r5 00000022") as error:
        guest.run()
    assert "lr 00000011" in str(error.value)


def test_an_interrupt_that_stands_still_is_a_hang_not_a_fault():
    assert asked_for(13).run(0.01) is Stop.DEADLINE


def test_a_hang_names_the_register_that_never_changes():
    guest = asked_for(16)
    assert guest.run(0.1) is Stop.DEADLINE
    now = guest.engine.now()
    text = guest.engine.whereabouts()
    assert "guest+" in text
    assert "waits for spi1+0x8 (0x40013008)" in text or "waits for spi1+0x0 (0x40013000)" in text
    # Looking does not disturb.
    assert guest.engine.now() == now


def test_a_hang_without_a_register_names_the_place():
    guest = asked_for(17)
    assert guest.run(0.1) is Stop.DEADLINE
    assert guest.engine.whereabouts().startswith("at guest+")


def test_a_hang_in_a_fault_handler_names_the_fault():
    guest = asked_for(20)
    assert guest.run(0.01) is Stop.DEADLINE
    assert "it handles a UsageFault: undefined instruction" in guest.engine.whereabouts()


def test_handlers_that_nobody_wrote_go_by_the_name_of_what_they_are():
    guest = asked_for(13)
    guest.run(0.01)
    assert guest.engine.whereabouts().startswith("at Default_Handler+0x0")


def test_asleep_for_ever_is_told():
    guest = Guest(assembly_guest("wfi; b ."))
    assert guest.engine.run(SECOND_NS) is Stop.ASLEEP
    assert guest.engine.now().time_ns == SECOND_NS
    assert guest.engine.whereabouts().startswith("asleep at Reset_Handler")


def test_a_vector_table_without_memory_is_a_lockup():
    guest = Guest(assembly_guest("ldr r0, =0xE000ED08; ldr r1, =0x70000000; str r1, [r0]; udf #0; .ltorg"))
    with pytest.raises(GuestFault, match="VECTTBL"):
        guest.run()


def test_a_closed_engine_refuses():
    guest = Guest(assembly_guest("wfi"))
    guest.engine.close()
    guest.engine.close()
    with pytest.raises(ValueError, match="closed"):
        guest.engine.now()


def test_memory_that_is_not_there():
    guest = Guest(assembly_guest("wfi"))
    for address, size in ((0x7000_0000, 1), (0x2009_FFFF, 2), (0x0800_0000, 0x20_0001)):
        with pytest.raises(ValueError, match="no memory"):
            guest.engine.read_memory(address, size)
        with pytest.raises(ValueError, match="no memory"):
            guest.engine.write_memory(address, bytes(size))
