<?php
// An identity of its own: entity id, key and addresses of this run.
$run = json_decode(file_get_contents(__DIR__ . '/../run.json'), true);
$metadata[$run['entity_id']] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'person',
    'signature.algorithm' => $run['signature_algorithm'],
    'saml20.sign.assertion' => $run['sign_assertion'],
    'saml20.sign.response' => $run['sign_response'],
    'assertion.encryption' => $run['encrypt_assertion'],
    'nameid.encryption' => $run['encrypt_name_id'],
    'sign.logout' => $run['sign_logout'],
    'validate.logout' => true,
    'validate.authnrequest' => true,
    'SingleSignOnServiceBinding' => [$run['sso_binding']],
    'SingleLogoutServiceBinding' => [$run['slo_binding']],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
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
