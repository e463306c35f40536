"""All services restart one after another under 50 sign-ins a second, and nobody notices: two processes of
each on one database, nginx in front of the gateways, gRPC round robin with health checks among them.

The rate is 50 a second, or what VA_TEST_SIGN_INS names. On a machine that does not carry so many even while
nothing restarts it is lowered before anything is stopped, and the output says so."""

import os
import signal
import sys
import unittest

import operations

RATE = float(os.environ.get("VA_TEST_SIGN_INS", "50"))
LOWEST = 5


def carried(stack: operations.Stack) -> float:
    """The rate, or how much of it this machine carries in peace."""
    rate = RATE
    while True:
        crowd = operations.Crowd(stack, rate)
        try:
            crowd.signs_in(int(2 * rate))
        finally:
            result = crowd.stop()
        operations.told(f"in peace at {rate:g} a second", result)
        if result["failures"]:
            raise AssertionError(f"sign-ins fail in peace: {result['failures']}")
        if result["p99_ms"] < 2000 and result["late"] < 0.1 * result["started"]:
            return rate
        if rate / 2 < LOWEST:
            raise AssertionError(f"this machine does not carry {rate:g} sign-ins a second")
        rate /= 2
        print(f"LOWERED: this machine is too slow or too busy for more than {rate:g} a second", file=sys.stderr)


class RollingRestart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Every sign-in asks MPI: what is kept of it would spare the crowd of a dozen people the longest way.
        cls.stack = operations.Stack("rolling-restart", VA_DEV_REPLICAS="2", VA_DEV_FRONT="1",
                                     VA_MPI_ADAPTER__MPI__CACHE__ENABLED="false")
        cls.addClassCleanup(cls.stack.close)
        cls.rate = carried(cls.stack)

    def test_it_would_be_noticed_if_a_gateway_went_without_finishing(self):
        """The same crowd, and a gateway that does not drain: if that cost nobody anything, the test of the
        rolling restart would prove nothing."""
        crowd = operations.Crowd(self.stack, self.rate)
        self.addCleanup(crowd.stop)
        crowd.signs_in(int(self.rate / 2))
        self.assertEqual(crowd.failures(), 0)
        # While MPI says nothing those who come back from their provider wait in the gateways.
        mpi = self.stack.pids["mpi-simulator"]
        os.kill(mpi, signal.SIGSTOP)
        try:
            operations.until(lambda: self.stack.metric("auth-gateway", "va_pool_pending", pool="workers") >= 5,
                             "people wait in the gateway")
            self.stack.kill("auth-gateway")
        finally:
            os.kill(mpi, signal.SIGCONT)
        self.stack.start("auth-gateway")
        operations.until(lambda: any("502" in kind for kind in crowd.now()["failures"]),
                         "nginx has lost the answers of those who were waiting")
        operations.told("a gateway killed", crowd.stop())

    def test_all_services_restart_one_after_another_without_a_failed_sign_in(self):
        crowd = operations.Crowd(self.stack, self.rate)
        self.addCleanup(crowd.stop)
        crowd.signs_in(int(2 * self.rate))
        names = self.stack.services()
        self.assertEqual(len(names), 10, names)
        trouble = []
        for name in names:
            before = crowd.failures()
            old = self.stack.pids[name]
            code = self.stack.stop(name)
            self.stack.start(name)
            self.assertNotEqual(self.stack.pids[name], old)
            # What the stopped process left, and what the new one is given, are both over by then.
            crowd.signs_in(int(self.rate))
            if code != 0:
                trouble.append(f"{name} ended with {code}")
            if crowd.failures() != before:
                trouble.append(f"{crowd.failures() - before} failed around {name}")
        result = crowd.stop()
        operations.told(f"rolling restart at {self.rate:g} a second", result)
        self.assertEqual(trouble, [])
        self.assertEqual(result["failures"], {})
        self.assertEqual(result["sessions"], result["started"])
        # The crowd was there all the time: an open loop that could not start people proves nothing.
        self.assertGreater(result["started"], 0.9 * self.rate * result["seconds"] - 2 * self.rate)


if __name__ == "__main__":
    unittest.main()
