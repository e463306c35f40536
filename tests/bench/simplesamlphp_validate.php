<?php
// How long SimpleSAMLphp takes to judge responses: prints the CPU time of one, in microseconds.
// usage: php simplesamlphp_validate.php FOLDER SP_ENTITY_ID ACS_URL ROUNDS
// FOLDER holds idp.b64 (the provider's certificate, DER in base64) and the responses as *.xml.

declare(strict_types=1);

require '/usr/share/simplesamlphp/lib/_autoload.php';

use SAML2\DOMDocumentFactory;
use SAML2\Message as Saml2Message;
use SimpleSAML\Configuration;
use SimpleSAML\Module\saml\Message;

[, $folder, $entityId, $acs, $rounds] = $argv;
$address = parse_url($acs);
$_SERVER['HTTP_HOST'] = $address['host'];
$_SERVER['SERVER_NAME'] = $address['host'];
$_SERVER['HTTPS'] = 'on';
$_SERVER['SERVER_PORT'] = '443';
$_SERVER['REQUEST_URI'] = $address['path'];
$_SERVER['SCRIPT_NAME'] = $address['path'];
Configuration::setPreLoadedConfig(Configuration::loadFromArray([
    'baseurlpath' => 'simplesaml/',
    'logging.handler' => 'stderr',
    'logging.level' => 0,
    'timezone' => 'UTC',
    'secretsalt' => 'not used for anything here',
    'assertion.allowed_clock_skew' => 60,
]));

$sp = Configuration::loadFromArray(['entityid' => $entityId, 'sign.authnrequest' => true]);
$idp = Configuration::loadFromArray([
    'entityid' => 'https://idp.example/entity',
    'keys' => [[
        'encryption' => false,
        'signing' => true,
        'type' => 'X509Certificate',
        'X509Certificate' => trim(file_get_contents("$folder/idp.b64")),
    ]],
]);

function cpu(): float
{
    $usage = getrusage();
    return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']
        + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
}

$messages = array_map('file_get_contents', glob("$folder/*.xml"));
$judge = function (string $xml) use ($sp, $idp): void {
    $response = Saml2Message::fromXML(DOMDocumentFactory::fromString($xml)->documentElement);
    $assertions = Message::processResponse($sp, $idp, $response);
    if (count($assertions) !== 1 || count($assertions[0]->getAttributes()) !== 26) {
        throw new \Exception('not what was sent');
    }
};
$judge($messages[0]);
$start = cpu();
for ($round = 0; $round < (int) $rounds; ++$round) {
    foreach ($messages as $xml) {
        $judge($xml);
    }
}
printf("%.1f\n", (cpu() - $start) * 1e6 / ((int) $rounds * count($messages)));
