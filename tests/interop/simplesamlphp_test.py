"""SimpleSAMLphp as identity provider: four of them, each with its own entity id, key and way to sign,
beside the simulated one. They read our published metadata, the gateway reads theirs."""

import unittest

import conversation
from simplesamlphp_idp import SimpleSamlPhpIdp

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"


class SimpleSamlPhp(conversation.Conversation):
    kind = SimpleSamlPhpIdp

    def test_simplesamlphp_every_persona_ends_as_its_file_says(self):
        self.everybody()

    def test_simplesamlphp_signed_response_only_is_admitted(self):
        browser = self.admitted("signed response only", "response")
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256")

    def test_simplesamlphp_signed_assertion_only_is_admitted(self):
        browser = self.admitted("signed assertion only", "assertion")
        self.assertEqual(self.sent(browser), "assertion rsa-sha256/sha256")

    def test_simplesamlphp_signed_response_and_assertion_are_admitted(self):
        browser = self.admitted("signed response and assertion", "both")
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256; assertion rsa-sha256/sha256")

    def test_simplesamlphp_encrypted_assertion_under_a_signed_response_is_admitted(self):
        browser = self.admitted("encrypted assertion in a signed response", "encrypted")
        # The cipher is hard-wired for keys that it takes from metadata.
        self.assertEqual(self.sent(browser), "message rsa-sha256/sha256; assertion in aes128-cbc, "
                                             "key by rsa-oaep-mgf1p with SHA-1 by default")

    def test_simplesamlphp_P4_encrypted_assertion_in_cbc_without_a_signed_response_is_refused(self):
        browser = self.refused("encrypted assertion (CBC) in an unsigned response", "encrypted",
                               "encryption_algorithm", sign_response=False)
        self.assertNotIn("message", self.sent(browser))

    def test_simplesamlphp_encrypted_name_id_is_admitted(self):
        browser = self.admitted("encrypted NameID in a signed response and assertion", "both",
                                encrypt_name_id=True)
        self.assertIn("NameID in aes128-cbc", self.sent(browser))

    def test_simplesamlphp_sha512_is_admitted(self):
        browser = self.admitted("SHA-512", "both", signature_algorithm=RSA_SHA512)
        self.assertEqual(self.sent(browser), "message rsa-sha512/sha512; assertion rsa-sha512/sha512")

    def test_simplesamlphp_P4_sha1_is_refused(self):
        browser = self.refused("SHA-1", "both", "signature_algorithm", signature_algorithm=RSA_SHA1)
        self.assertIn("rsa-sha1", self.sent(browser))

    def test_simplesamlphp_P5_less_than_the_policy_wants_is_refused(self):
        self.less_than_wanted()

    def test_simplesamlphp_refuses_an_altered_authn_request_by_redirect(self):
        self.alters_the_query("response")

    def test_simplesamlphp_refuses_an_altered_authn_request_by_post(self):
        self.alters_the_message("assertion")

    def test_simplesamlphp_logout_from_our_side_by_redirect(self):
        self.log_out_here("both")

    def test_simplesamlphp_logout_from_our_side_by_post(self):
        self.log_out_here("assertion")

    def test_simplesamlphp_logout_from_its_side_by_redirect(self):
        self.log_out_there("both")

    def test_simplesamlphp_logout_from_its_side_by_post(self):
        self.log_out_there("assertion")

    def test_simplesamlphp_S137_unsigned_logout_request_by_redirect_is_refused(self):
        self.unsigned_logout_request("both")

    def test_simplesamlphp_S137_unsigned_logout_request_by_post_is_refused(self):
        self.unsigned_logout_request("assertion")

    def test_simplesamlphp_its_metadata_signed_at_an_address_is_believed(self):
        self.its_metadata_is_believed("at an https address, signed", "url")

    def test_simplesamlphp_its_metadata_signed_in_a_file_is_believed(self):
        self.its_metadata_is_believed("in a file, signed", "file")

    def test_simplesamlphp_its_metadata_pinned_by_hash_is_believed(self):
        self.its_metadata_is_believed("at an https address, pinned", "pinned_url")

    def test_simplesamlphp_S144_its_metadata_signed_with_another_key_is_not_believed(self):
        self.its_metadata_under_another_key_is_not_believed("response")

    def test_simplesamlphp_reads_our_metadata(self):
        self.our_metadata_says_all_it_needs()


class TheTable(unittest.TestCase):
    """Runs after the others: classes run in the order of their names."""

    def test_docs_interop_says_what_was_seen(self):
        SimpleSamlPhp.table.check(self)


if __name__ == "__main__":
    unittest.main()
