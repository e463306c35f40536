"""Signed attack files of our own: every file is made here from a message that verifies, so that the defect
alone can be why it is refused, and judged by `signinctl saml verify` and `saml verify-logout`, which are the
gateway's own code. What the rows mean: docs/attacks.md; how the files are made: saml_attacks/README.md."""

import concurrent.futures
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "saml_attacks"))

# pylint: disable=wrong-import-position
import algorithms
import encryption
import judges
import keys
import logout
import manifest
import odd
import parsing
import profile_rules
import wrapping
from case import Case
from message import BASE, LOGOUT_REQUEST

WORKERS = os.cpu_count() or 1

# Rows that a file can express. The others are about many posts, browsers, stores, configuration or metadata.
ROWS = ({*range(1, 33), *range(40, 56), 58, *range(60, 72), *range(73, 79), 80, *range(95, 98),
         *range(99, 110), *range(111, 124), *range(130, 139), 146})


class SamlAttacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="va-saml-attacks."))
        cls.addClassCleanup(__import__("shutil").rmtree, cls.folder, True)
        cls.keys = cls.folder / "keys"
        cls.keys.mkdir()
        keys.write_all(cls.keys)

    def judge(self, cases: list[Case]) -> None:
        """Every case against its verdict, and those with an opinion of the bare library against that."""
        self.assertTrue(cases)
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            faults = [fault for found in pool.map(lambda item: self.faults(folder, *item), enumerate(cases))
                      for fault in found]
        self.assertEqual(faults, [], f"{len(faults)} of {len(cases)} files")

    def faults(self, folder: pathlib.Path, number: int, case: Case) -> list[str]:
        file = folder / f"{number:04}.xml"
        file.write_bytes(case.bytes())
        label = f"{case.row} {case.name}"
        code, answer = judges.signinctl(case, self.keys, file)
        found = [f"{label}: {fault}" for fault in self.differences(case, code, answer)]
        if case.library is not None:
            certificate = self.keys / str(case.flags.get("--idp-cert", "idp.crt"))
            if judges.library(file, certificate) != case.library:
                found.append(f"{label}: the bare library says {not case.library}")
        return found

    @staticmethod
    def differences(case: Case, code: int, answer: dict) -> list[str]:
        if not case.accepted:
            good = code == 1 and answer.get("verdict") == "reject" and answer.get("reason") in case.reasons
            return [] if good and isinstance(answer.get("detail"), str) else [f"exit {code}, {answer}"]
        if code != 0 or answer.get("verdict") != "accept":
            return [f"exit {code}, {answer}"]
        expected = dict(case.expect)
        if not case.logout:
            expected["name_id"] = case.subject
        return [f"{name} is {answer.get(name)!r}, not {value!r}" for name, value in expected.items()
                if answer.get(name) != value]

    def test_what_every_file_is_made_from_is_accepted_by_both_judges(self):
        base = [Case("base", what, BASE.signed(what=what), library=True)
                for what in ("assertion", "response", "both")]
        base += [Case("base", "encrypted", encryption.sealed(), flags=encryption.OURS),
                 Case("base", "logout", LOGOUT_REQUEST.signed(), logout="request"),
                 Case("base", "logout query", logout.query(), logout="request", query=True)]
        self.judge(base)

    def test_S1_S2_S11_S31_responses_wrapped(self):
        self.judge(wrapping.wrapped_responses())

    def test_S3_S4_S5_S6_S7_S8_S9_S10_S12_S13_assertions_wrapped(self):
        self.judge(wrapping.wrapped_assertions())

    def test_S16_S17_signatures_and_assertions_in_other_places(self):
        self.judge(wrapping.other_places())

    def test_S18_S19_S20_references_and_signatures_counted(self):
        self.judge(wrapping.references())

    def test_S21_S22_ids(self):
        self.judge(wrapping.ids())

    def test_S23_S24_S25_S26_values_removed_emptied_changed(self):
        self.judge(wrapping.values())

    def test_S27_S28_S29_S30_S32_signed_by_others_or_for_others(self):
        self.judge(wrapping.transplants())

    def test_S146_artifacts_are_no_answer(self):
        self.judge(wrapping.artifacts())

    def test_S42_S48_S53_S61_S73_S123_nothing_is_opened_that_the_message_names(self):
        """As the kernel sees it: the same files as for the genuine message, and no socket."""
        rows = ("S42", "S48", "S53", "S61", "S73", "S123")
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        genuine = judges.opened(Case("base", "encrypted", encryption.sealed(), flags=encryption.OURS), self.keys,
                                folder / "0000.xml")
        self.assertTrue(any(path.endswith("sp.key") for path in genuine), genuine)
        cases = [case for case in manifest.cases() if case.row in rows and not case.query]
        self.assertEqual({case.row for case in cases}, set(rows))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(lambda item: judges.opened(item[1], self.keys, folder / f"{item[0]:04}.xml"),
                                  enumerate(cases, 1)))
        more = {f"{case.row} {case.name}": sorted(paths - genuine) for case, paths in zip(cases, found)
                if paths - genuine}
        self.assertEqual(more, {})

    def test_S40_S41_S42_key_info(self):
        self.judge(algorithms.key_info_cases())

    def test_S43_S44_macs_under_the_public_key(self):
        self.judge(algorithms.mac_cases())

    def test_P4_S45_S46_weak_and_unknown_algorithms(self):
        self.judge(algorithms.weak_cases())

    def test_S47_padding(self):
        self.judge(algorithms.padding_cases())

    def test_S48_S49_S50_S52_S53_transforms_and_addresses(self):
        self.judge(algorithms.transform_cases())

    def test_S51_prefixes(self):
        self.judge(algorithms.prefix_cases())

    def test_S54_S55_S58_certificates(self):
        self.judge(algorithms.certificate_cases())

    def test_S60_S61_S62_S63_S64_S65_S66_S68_S74_documents(self):
        self.judge(parsing.documents())

    def test_S67_digests_elsewhere(self):
        self.judge(parsing.digest_elsewhere())

    def test_S69_S75_S77_text(self):
        self.judge(parsing.texts())

    def test_S70_S78_S80_bytes(self):
        self.judge(parsing.bytes_())

    def test_S71_limits(self):
        self.judge(parsing.limits())

    def test_S73_S76_what_is_not_followed(self):
        self.judge(parsing.instance())

    def test_S95_S96_S97_answers(self):
        self.judge(profile_rules.answers())

    def test_S99_S100_addresses(self):
        self.judge(profile_rules.addresses())

    def test_S101_S113_audiences_and_conditions(self):
        self.judge(profile_rules.audiences())

    def test_P3_S102_times(self):
        self.judge(profile_rules.times())

    def test_S103_S104_S105_confirmations(self):
        self.judge(profile_rules.confirmations())

    def test_S106_S107_issuers(self):
        self.judge(profile_rules.issuers())

    def test_S108_statuses(self):
        self.judge(profile_rules.statuses())

    def test_S109_S111_S112_statements(self):
        self.judge(profile_rules.statements())

    def test_S114_hostile_values(self):
        self.judge(profile_rules.data())

    def test_S14_S15_S115_S116_encrypted_assertions_counted(self):
        self.judge(encryption.counted())

    def test_P4_S117_S118_S119_ciphertexts(self):
        self.judge(encryption.ciphertexts())

    def test_S120_what_ciphertext_hides(self):
        self.judge(encryption.contents())

    def test_P15_S121_encrypted_names(self):
        self.judge(encryption.name_ids())

    def test_P15_S121_S122_S123_keys_and_references(self):
        self.judge(encryption.shapes())

    def test_S130_deflate(self):
        self.judge(logout.packing())

    def test_S131_S132_S133_S134_S135_S136_queries(self):
        self.judge(logout.queries())

    def test_S137_S138_logout_messages(self):
        self.judge(logout.messages())

    def test_messages_that_are_odd_and_good_are_accepted(self):
        self.judge(odd.cases())

    def test_P4_every_allowed_algorithm_is_accepted(self):
        self.judge(algorithms.good())

    def test_P4_P15_every_allowed_encryption_is_accepted(self):
        self.judge(encryption.good())

    def test_logout_messages_that_are_good_are_accepted(self):
        self.judge(logout.good())

    def test_every_row_that_a_file_can_express_has_files(self):
        rows = {int(case.row[1:]) for case in manifest.cases() if case.row.startswith("S")}
        self.assertEqual(sorted(ROWS - rows), [])
        self.assertEqual(sorted(rows - ROWS), [])

    def test_each_attack_is_made_of_different_bytes_than_the_base(self):
        """A case whose change went missing would test nothing."""
        bases = {BASE.signed(), LOGOUT_REQUEST.signed(), logout.query()}
        same = [f"{case.row} {case.name}" for case in manifest.cases()
                if not case.accepted and not case.flags and case.body in bases and not case.logout]
        self.assertEqual(same, [])


if __name__ == "__main__":
    unittest.main()
