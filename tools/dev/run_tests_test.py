"""The count at the end of ./dev test: how each kind of program's answer is read."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import run_tests


def job(kind: str, will_fail: bool = False) -> run_tests.Job:
    return run_tests.Job("x", "unit", ["x"], kind, will_fail=will_fail)


class Counting(unittest.TestCase):
    def check(self, kind, output, code, expected, will_fail=False):
        self.assertEqual(run_tests.counts(job(kind, will_fail), output, code), expected)

    def test_catch_programs(self):
        self.check("catch", "All tests passed (12 assertions in 3 test cases)\n", 0, (3, 0, 0))
        self.check("catch", "All tests passed (1 assertion in 1 test case)\n", 0, (1, 0, 0))
        self.check("catch", "test cases: 3 | 2 passed | 1 failed\nassertions: 9 | 8 passed | 1 failed\n",
                   1, (2, 1, 0))
        self.check("catch", "test cases: 2 | 2 failed\n", 2, (0, 2, 0))
        self.check("catch", "SKIP no shared folder\nAll tests passed (2 assertions in 2 test cases)\n",
                   0, (1, 0, 1))

    def test_a_program_that_crashes_or_runs_nothing_has_failed(self):
        self.check("catch", "", -11, (0, 1, 0))
        self.check("catch", "No tests ran\n", 0, (0, 1, 0))
        self.check("catch", "test cases: 3 | 3 passed\n", -6, (3, 1, 0))

    def test_node_programs(self):
        tap = "# tests 4\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n"
        self.check("node", tap, 1, (2, 1, 1))
        self.check("node", "SyntaxError\n", 1, (0, 1, 0))

    def test_unittest_programs(self):
        self.check("unittest", "Ran 5 tests in 0.1s\n\nOK (skipped=1)\n", 0, (4, 0, 1))
        self.check("unittest", "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n", 1, (3, 2, 0))
        self.check("unittest", "ImportError\n", 1, (0, 1, 0))

    def test_E4_a_skipped_interoperability_test_has_failed(self):
        skipped = "Ran 5 tests in 0.1s\n\nOK (skipped=2)\n"
        interop = run_tests.Job("x", "interop", ["x"], "unittest")
        unit = run_tests.Job("x", "unit", ["x"], "unittest")
        self.assertEqual(run_tests.judged(interop, skipped, 0), (3, 2, 0))
        self.assertEqual(run_tests.judged(unit, skipped, 0), (3, 0, 2))

    def test_a_run_inside_a_run(self):
        self.check("nested", "x\n7 passed, 0 failed, 1 skipped\n", 0, (7, 0, 1))
        self.check("nested", "7 passed, 0 failed, 1 skipped\n", 1, (7, 1, 1))
        self.check("nested", "Set up\n", 0, (0, 1, 0))

    def test_conformance_counts_its_own_rows(self):
        self.check("rows", "SKIP 18 rows of x\n170 passed, 0 failed, 18 skipped\n", 0, (170, 0, 18))
        self.check("rows", "FAIL x\n1 passed, 2 failed, 0 skipped\n", 1, (1, 2, 0))
        self.check("rows", "ended early\n", 1, (0, 1, 0))

    def test_other_programs_by_their_exit_code(self):
        self.check("plain", "", 0, (1, 0, 0))
        self.check("plain", "", 3, (0, 1, 0))
        self.check("plain", "", 1, (1, 0, 0), will_fail=True)
        self.check("plain", "", 0, (0, 1, 0), will_fail=True)


if __name__ == "__main__":
    unittest.main()
