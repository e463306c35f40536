<?php
// The gateway, as its own published metadata describes it.
$run = json_decode(file_get_contents(__DIR__ . '/../run.json'), true);
require_once '/usr/share/simplesamlphp/lib/_autoload.php';
foreach (\SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile(__DIR__ . '/../sp.xml') as $id => $entity) {
    $metadata[$id] = $entity->getMetadata20SP();
    $metadata[$id]['NameIDFormat'] = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
    // Our metadata asks for a signed assertion; a test may want a provider that does not heed it.
    $metadata[$id]['saml20.sign.assertion'] = $run['sign_assertion'];
    // It prefers Redirect wherever an SP offers both; a provider of the other kind is shown POST alone.
    $metadata[$id]['SingleLogoutService'] = array_values(array_filter(
        $metadata[$id]['SingleLogoutService'] ?? [],
        function ($one) use ($run) {
            return $one['Binding'] === $run['slo_binding'];
        }
    ));
}
