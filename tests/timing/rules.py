"""The microbenchmarks of every board."""

from tests.timing import rules_cortex_m0plus, rules_cortex_m4, rules_cortex_m7, rules_cortex_m33

BENCHES = {
    bench.board_id: bench
    for bench in (
        rules_cortex_m0plus.BENCH,
        rules_cortex_m4.BENCH,
        rules_cortex_m33.BENCH,
        rules_cortex_m7.H7A3_BENCH,
        rules_cortex_m7.F746_BENCH,
    )
}
