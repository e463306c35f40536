"""Google's Python gRPC over the published protos, generated here by protoc: every service answers a
caller with the right certificate, and nobody else."""

import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import grpc

import browsing

CALL_SECONDS = 10
SERVICES = {
    "AUTH_GATEWAY": ("auth-gateway", "va.session.v1.SessionService"),
    "USER_ATTRIBUTES": ("user-attributes", "va.attributes.v1.AttributesService"),
    "MPI_ADAPTER": ("mpi-adapter", "va.mpi.v1.MpiService"),
    "MHV_ACCOUNT": ("mhv-account", "va.mhv.v1.MhvAccountService"),
    "INHERITED_PROOFING": ("inherited-proofing", "va.proofing.v1.ProofingService"),
}


def read(path) -> bytes:
    return pathlib.Path(path).read_bytes()


def self_signed(folder: str, name: str) -> tuple[bytes, bytes]:
    """A certificate of no authority that the suite knows, under a caller's name."""
    key, certificate = f"{folder}/{name}.key", f"{folder}/{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return read(key), read(certificate)


class PythonGrpc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="va-grpc.")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        protos = [str(path.relative_to(browsing.ROOT / "proto"))
                  for path in (browsing.ROOT / "proto").rglob("*.proto")]
        subprocess.run(["protoc", f"--proto_path={browsing.ROOT / 'proto'}",
                        f"--python_out={cls.folder}", *protos], check=True)
        # google/rpc would hide Debian's own google package; nothing here needs it.
        shutil.rmtree(pathlib.Path(cls.folder) / "google", ignore_errors=True)
        os.rename(f"{cls.folder}/grpc", f"{cls.folder}/grpc_health_protos")
        sys.path.insert(0, cls.folder)
        cls.addClassCleanup(sys.path.remove, cls.folder)
        cls.own = (read(browsing.stack("VA_CLIENT_KEY")), read(browsing.stack("VA_CLIENT_CERT")))

    def channel(self, service: str, identity: tuple[bytes, bytes] | None) -> grpc.Channel:
        name, _ = SERVICES[service]
        key, certificate = identity or (None, None)
        credentials = grpc.ssl_channel_credentials(read(browsing.stack("VA_CA")), key, certificate)
        channel = grpc.secure_channel(
            browsing.stack(f"VA_{service}_GRPC"), credentials,
            [("grpc.ssl_target_name_override", f"{name}.va.internal"), ("grpc.enable_http_proxy", 0)])
        self.addCleanup(channel.close)
        return channel

    def methods(self, service: str):
        """Every method of a service as its published proto names it."""
        _, full_name = SERVICES[service]
        package = full_name.split(".")[1]
        module = importlib.import_module(f"va.{package}.v1.{package}_pb2")
        descriptor = module.DESCRIPTOR.services_by_name[full_name.rpartition(".")[2]]
        return [(method.name, getattr(module, method.input_type.name),
                 getattr(module, method.output_type.name)) for method in descriptor.methods]

    def call(self, channel, service, method, request, response_type):
        _, full_name = SERVICES[service]
        return channel.unary_unary(f"/{full_name}/{method}",
                                   request_serializer=lambda message: message.SerializeToString(),
                                   response_deserializer=response_type.FromString)(
                                       request, timeout=CALL_SECONDS)

    def test_every_method_of_every_service_answers_the_right_certificate(self):
        """An empty request is answered by the method itself: by a value or by a refusal that names what
        is missing, never by the door."""
        for service in SERVICES:
            channel = self.channel(service, self.own)
            methods = self.methods(service)
            self.assertTrue(methods)
            for name, request_type, response_type in methods:
                with self.subTest(f"{service}.{name}"):
                    try:
                        self.call(channel, service, name, request_type(), response_type)
                        code = grpc.StatusCode.OK
                    except grpc.RpcError as error:
                        code = error.code()
                    self.assertIn(code, (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT,
                                         grpc.StatusCode.FAILED_PRECONDITION), name)

    def test_G1_without_a_certificate_nothing_answers(self):
        self.nobody_answers(None)

    def test_G1_a_certificate_of_another_authority_opens_nothing(self):
        self.nobody_answers(self_signed(self.folder, "auth-gateway.va.internal"))

    def nobody_answers(self, identity):
        for service in SERVICES:
            channel = self.channel(service, identity)
            for name, request_type, response_type in self.methods(service):
                with self.subTest(f"{service}.{name}"), self.assertRaises(grpc.RpcError) as refused:
                    self.call(channel, service, name, request_type(), response_type)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_G2_a_known_certificate_that_no_row_lists_is_denied(self):
        """inherited-proofing's own certificate is real, and has no business with sessions."""
        identity = (read(browsing.pki("inherited-proofing.key")), read(browsing.pki("inherited-proofing.crt")))
        for service in ("AUTH_GATEWAY", "USER_ATTRIBUTES", "MHV_ACCOUNT"):
            channel = self.channel(service, identity)
            for name, request_type, response_type in self.methods(service):
                with self.subTest(f"{service}.{name}"), self.assertRaises(grpc.RpcError) as refused:
                    self.call(channel, service, name, request_type(), response_type)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.PERMISSION_DENIED)

    def test_a_session_of_the_browser_is_known_to_a_service_behind_the_gateway(self):
        persona = next(one for one in browsing.personas() if one["id"] == "idme_loa3")
        browser = browsing.Browser()
        # Through the simulated provider, whose page lets one choose who to be.
        choice = browser.open(*browsing.start(browser, persona))
        to, fields = browsing.form_with(choice, "request")
        page = browser.open(to, {"request": fields["request"], "persona": persona["id"]})
        answer = browser.open(*browsing.form_with(page, "SAMLResponse"))
        browsing.check_end(self, browser, persona, answer)
        module = importlib.import_module("va.session.v1.session_pb2")
        channel = self.channel("AUTH_GATEWAY", self.own)
        request = module.IntrospectRequest(token=browser.cookie("__Host-va_session"))
        answer = self.call(channel, "AUTH_GATEWAY", "Introspect", request, module.IntrospectResponse)
        self.assertTrue(answer.active)
        self.assertEqual(answer.assurance.loa_current, 3)
        request.token = "A" * len(request.token)
        answer = self.call(channel, "AUTH_GATEWAY", "Introspect", request, module.IntrospectResponse)
        self.assertFalse(answer.active)


if __name__ == "__main__":
    unittest.main()
