<?php
// The identity that the gateway of the stack trusts.
$run = json_decode(file_get_contents(__DIR__ . '/../run.json'), true);
$metadata[$run['entity_id']] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'saml-idp.key',
    'certificate' => 'saml-idp.crt',
    'auth' => 'person',
    'signature.algorithm' => $run['signature_algorithm'],
    'saml20.sign.assertion' => $run['sign_assertion'],
    'saml20.sign.response' => $run['sign_response'],
    'redirect.validate' => true,
    'validate.authnrequest' => true,
    'SingleSignOnServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'authproc' => [
        1 => ['class' => 'saml:AuthnContextClassRef', 'AuthnContextClassRef' => $run['authn_context']],
        2 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'interop_name_id',
            'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
        ],
        3 => ['class' => 'core:AttributeLimit', 'default' => true] + array_keys($run['attributes']),
    ],
];
