<?php
// SimpleSAMLphp as an identity provider for one test run. What differs from run to run is in
// run.json beside this file.
$run = json_decode(file_get_contents(__DIR__ . '/run.json'), true);
$config = [
    'baseurlpath' => $run['origin'] . '/simplesaml/',
    'certdir' => $run['folder'] . '/',
    'loggingdir' => $run['folder'] . '/',
    'datadir' => $run['folder'] . '/',
    'tempdir' => $run['folder'] . '/',
    'logging.handler' => 'file',
    'logging.level' => 5,
    'secretsalt' => $run['salt'],
    'auth.adminpassword' => $run['salt'],
    'timezone' => 'UTC',
    'showerrors' => true,
    'errorreporting' => false,
    'enable.saml20-idp' => true,
    'session.cookie.secure' => true,
    'session.cookie.samesite' => 'None',
    'session.phpsession.cookiename' => 'SimpleSAML',
    'session.phpsession.savepath' => $run['folder'],
    'store.type' => 'phpsession',
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'metadata.sources' => [['type' => 'flatfile', 'directory' => __DIR__ . '/metadata']],
    'metadata.sign.enable' => $run['sign_metadata'],
    'metadata.sign.privatekey' => 'idp.key',
    'metadata.sign.certificate' => 'idp.crt',
    'metadata.sign.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
];
