*** Settings ***
Documentation       A session with a board: it announces itself, answers each command and each malformed one
...                 as the protocol says, loads an input and infers.
Library             libraries/board.py
Suite Setup         Switch On    ${BOARD}    kws    ${ENGINE}
Suite Teardown      Switch Off
Test Tags           session

*** Variables ***
${BOARD}            nucleo_l4r5zi
${ENGINE}           embedded

*** Test Cases ***
The Board Announces Itself
    [Setup]    Switch On    ${BOARD}    kws    ${ENGINE}
    Line Matching    m-timestamp-mode-performance
    Line Matching    m-lap-us-(\\d+)
    Line Matching    m-init-done

It Says What It Is
    Send    name
    Line Matching    m-name-dut-\\[(.+)\\]
    Send    profile
    Reply Should Be    m-profile-[ULPMark for tinyML Firmware V0.0.1]    m-model-[kws01]

It Helps
    Send    help
    Line Matching    ULPMark for tinyML Firmware V0\\.0\\.1
    Line Matching    name .*
    Line Matching    infer .*

Time Goes On
    Send    timestamp
    ${first}    Line Matching    m-lap-us-(\\d+)
    Send    timestamp
    ${second}    Line Matching    m-lap-us-(\\d+)
    Should Be True    ${second} > ${first}

Malformed Commands Are Refused As The Protocol Says
    [Template]    Command Is Refused
    names             e-[Unknown command: names]
    NAME              e-[Unknown command: NAME]
    infer2 1 0        e-[Unknown command: infer2]
    \xe9\x07          e-[Unknown command: \\xe9\\x07]
    db                e-[Command 'db' requires a subcommand]
    db load           e-[Command 'db load' requires the # of bytes]
    db load 0         e-[Command 'db load' must be >0 bytes]
    db load abc       e-[Command 'db load' must be >0 bytes]
    db load -5        e-[Command 'db load' must be >0 bytes]
    db 00             e-[Command 'db' requires a 'db load' first]
    infer 0 0         e-[Inference iterations must be >0]
    infer x           e-[Inference iterations must be >0]
    infer 1 -1        e-[Inference warmup must be >=0]

Malformed Bytes Are Refused
    Send    db load 4
    Reply Should Be    m-[Expecting 4 bytes]
    Send    db 0
    Reply Should Be    e-[Insufficent number of hex digits]
    Send    db zz
    Reply Should Be    e-[Invalid hex digit 'zz']
    Send    db 0A0b03
    Reply Should Be
    Send    db 0405
    Reply Should Be    m-load-done
    Send    db 06
    Reply Should Be    e-[Command 'db' has all bytes already]
    Send    db print
    Reply Should Be    m-buffer-0a-0b-03-04    ${EMPTY}

An Input Of The Wrong Size Is Refused
    Send    db load 99999999
    Line Matching    Supplied buffer size 99999999 exceeds maximum of \\d+\nm-ready
    Send    db load 2 extra
    Reply Should Be    m-[Expecting 2 bytes]
    Send    db 0102
    Reply Should Be    m-load-done
    Send    infer 1 0
    Line Matching    e-\\[Input has 2 bytes, expected \\d+\\]

An Overlong Command Keeps Its First 80 Characters
    Send    db load ${{'0' * 100}}
    Reply Should Be    e-[Command 'db load' must be >0 bytes]
    Send    ${{'x' * 500}}
    Reply Should Be    e-[Unknown command: ${{'x' * 80}}]

Commands Wait For Each Other
    Send    name%timestamp%name
    Line Matching    m-name-dut-\\[(.+)\\]
    Next Reply
    Line Matching    m-lap-us-(\\d+)
    Next Reply
    Line Matching    m-name-dut-\\[(.+)\\]

An Empty Command Is Harmless
    Send    ${EMPTY}
    Reply Should Be
    Send    ${SPACE * 3}
    Reply Should Be

An Input Is Classified
    ${label}    Load Input    kws    0
    Send    infer 2 1
    ${start}    Line Matching    m-lap-us-(\\d+)
    Line Matching    m-infer-start-2
    Line Matching    m-warmup-start-1
    Line Matching    m-infer-done
    ${class}    Class With The Highest Score
    Should Be Equal As Integers    ${class}    ${label}
    ${results}    Line Matching    m-results-\\[.*\\]
    Send    results
    Reply Should Be    ${results}

*** Keywords ***
Command Is Refused
    [Arguments]    ${command}    ${answer}
    Send    ${command}
    Reply Should Be    ${answer}
