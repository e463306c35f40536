<?php
// Serves SimpleSAMLphp's own pages under PHP's built-in server. The suite speaks https with the
// provider; this server speaks plain http on the loopback interface, so it is told what the
// browser's address says.
$_SERVER['HTTPS'] = 'on';
$_SERVER['SERVER_PORT'] = '443';
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!preg_match('#^/simplesaml/([A-Za-z0-9/_.-]+?\.php)(/.*)?$#', $path, $part) || strpos($part[1], '..') !== false) {
    http_response_code(404);
    return true;
}
$file = '/usr/share/simplesamlphp/www/' . $part[1];
if (!is_file($file)) {
    http_response_code(404);
    return true;
}
$_SERVER['SCRIPT_NAME'] = '/simplesaml/' . $part[1];
$_SERVER['SCRIPT_FILENAME'] = $file;
$_SERVER['PHP_SELF'] = $_SERVER['SCRIPT_NAME'] . ($part[2] ?? '');
$_SERVER['PATH_INFO'] = $part[2] ?? '';
chdir(dirname($file));
require $file;
return true;
