"""pysaml2 with the xmlsec1 program as identity provider: four of them, each with its own entity id, key and
way to sign, beside the simulated one. They read our published metadata, the gateway reads theirs."""

import unittest

import conversation
from pysaml2_idp import Pysaml2Idp

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
AES128_GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
AES128_CBC = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
TRIPLE_DES = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"


class Pysaml2(conversation.Conversation):
    kind = Pysaml2Idp

    def test_pysaml2_every_persona_ends_as_its_file_says(self):
        self.everybody()

    def test_pysaml2_signed_response_only_is_admitted(self):
        browser = self.admitted("signed response only", "response")
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256")

    def test_pysaml2_signed_assertion_only_is_admitted(self):
        browser = self.admitted("signed assertion only", "assertion")
        self.assertEqual(self.sent(browser), "assertion rsa-sha256/sha256")

    def test_pysaml2_signed_response_and_assertion_are_admitted(self):
        browser = self.admitted("signed response and assertion", "both")
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256; assertion rsa-sha256/sha256")

    def test_pysaml2_encrypted_assertion_in_aes256_gcm_is_admitted(self):
        browser = self.admitted("encrypted assertion (AES-256-GCM) in a signed response", "encrypted")
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256; assertion in aes256-gcm, "
                                             "key by rsa-oaep-mgf1p with SHA-1 by default")

    def test_pysaml2_encrypted_assertion_in_aes128_gcm_is_admitted(self):
        browser = self.admitted("encrypted assertion (AES-128-GCM) in a signed response", "encrypted",
                                cipher=AES128_GCM)
        self.assertIn("assertion in aes128-gcm", self.sent(browser))

    def test_pysaml2_encrypted_assertion_in_an_unsigned_response_is_admitted_in_gcm(self):
        browser = self.admitted("encrypted assertion (AES-256-GCM), signed inside, in an unsigned response",
                                "encrypted", sign_response=False)
        self.assertNotIn("message", self.sent(browser))

    def test_pysaml2_P4_encrypted_assertion_in_cbc_without_a_signed_response_is_refused(self):
        browser = self.refused("encrypted assertion (AES-128-CBC) in an unsigned response", "encrypted",
                               "encryption_algorithm", cipher=AES128_CBC, sign_response=False)
        self.assertIn("aes128-cbc", self.sent(browser))

    def test_pysaml2_P4_encrypted_assertion_in_3des_its_default_is_refused(self):
        browser = self.refused("encrypted assertion (3DES, its default) in a signed response", "encrypted",
                               "encryption_algorithm", cipher=TRIPLE_DES)
        self.assertIn("tripledes-cbc", self.sent(browser))

    def test_pysaml2_S115_encrypted_assertion_that_nobody_signed_is_refused(self):
        self.refused("encrypted assertion (AES-256-GCM) without any signature", "encrypted",
                     "unsigned", sign_response=False, sign_assertion=False)

    def test_pysaml2_sha512_is_admitted(self):
        browser = self.admitted("SHA-512", "both", sign_alg=RSA_SHA512, digest_alg=SHA512)
        self.assertEqual(self.sent(browser), "message rsa-sha512/sha512; assertion rsa-sha512/sha512")

    def test_pysaml2_P4_sha1_is_refused(self):
        browser = self.refused("SHA-1", "both", "signature_algorithm", sign_alg=RSA_SHA1, digest_alg=SHA1)
        self.assertIn("rsa-sha1", self.sent(browser))

    def test_pysaml2_P5_less_than_the_policy_wants_is_refused(self):
        self.less_than_wanted()

    def test_pysaml2_refuses_an_altered_authn_request_by_redirect(self):
        self.alters_the_query("response")

    def test_pysaml2_refuses_an_altered_authn_request_by_post(self):
        self.alters_the_message("assertion")

    def test_pysaml2_logout_from_our_side_by_redirect(self):
        self.log_out_here("both")

    def test_pysaml2_logout_from_our_side_by_post(self):
        self.log_out_here("assertion")

    def test_pysaml2_logout_from_its_side_by_redirect(self):
        self.log_out_there("both")

    def test_pysaml2_logout_from_its_side_by_post(self):
        self.log_out_there("assertion")

    def test_pysaml2_S137_unsigned_logout_request_by_redirect_is_refused(self):
        self.unsigned_logout_request("both")

    def test_pysaml2_S137_unsigned_logout_request_by_post_is_refused(self):
        self.unsigned_logout_request("assertion")

    def test_pysaml2_its_metadata_signed_at_an_address_is_believed(self):
        self.its_metadata_is_believed("at an https address, signed", "url")

    def test_pysaml2_its_metadata_signed_in_a_file_is_believed(self):
        self.its_metadata_is_believed("in a file, signed", "file")

    def test_pysaml2_its_metadata_pinned_by_hash_is_believed(self):
        self.its_metadata_is_believed("at an https address, pinned", "pinned_url")

    def test_pysaml2_S144_its_metadata_signed_with_another_key_is_not_believed(self):
        self.its_metadata_under_another_key_is_not_believed("response")

    def test_pysaml2_reads_our_metadata(self):
        self.our_metadata_says_all_it_needs()


class TheTable(unittest.TestCase):
    """Runs after the others: classes run in the order of their names."""

    def test_docs_interop_says_what_was_seen(self):
        Pysaml2.table.check(self)


if __name__ == "__main__":
    unittest.main()
