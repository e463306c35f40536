<?php
// One person at a time: whoever run.json names is signed in without a question.
$run = json_decode(file_get_contents(__DIR__ . '/run.json'), true);
$config = ['person' => ['exampleauth:StaticSource'] + $run['attributes'] + ['interop_name_id' => [$run['name_id']]]];
