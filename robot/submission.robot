*** Settings ***
Documentation       A results tree is a conformant submission.
Library             libraries/submission.py
Suite Setup         Tree Should Be There    ${TREE}
Test Tags           submission

*** Variables ***
${TREE}             build/submission

*** Test Cases ***
The Tree Is Conformant
    Tree Should Be Conformant    ${TREE}
