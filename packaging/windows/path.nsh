; The folder in the person's PATH. NSIS' variables hold ${NSIS_MAX_STRLEN} characters,
; and a longer PATH would be cut: it is left as it is. Others' entries, the order and
; the type of the value (with or without %VARIABLES%) stay.

; ReadPath sets $0 to PATH, "" for none, $1 to the type of the value, and $2 to 1 where
; it can be read whole and written.
!macro ReadPath un
Function ${un}ReadPath
    StrCpy $0 ""
    StrCpy $2 0
    ; RRF_RT_ANY | RRF_NOEXPAND; the size in bytes, with the zero at its end
    System::Call 'ADVAPI32::RegGetValueW(p 0x80000001, w "Environment", w "PATH", i 0x1000FFFF, *i .r1, p 0, *i .r3)i.r4'
    ${If} $4 == 2 ; there is none
        StrCpy $1 2
        StrCpy $2 1
        Return
    ${ElseIf} $4 != 0
        Return
    ${EndIf}
    IntOp $3 $3 / 2
    IntOp $3 $3 + 2 ; FindInPath puts a semicolon on either side
    ${If} $3 > ${NSIS_MAX_STRLEN}
        Return
    ${EndIf}
    ${If} $1 != 1 ; REG_SZ
    ${AndIf} $1 != 2 ; REG_EXPAND_SZ
        Return
    ${EndIf}
    ClearErrors
    ReadRegStr $0 HKCU "Environment" "PATH"
    ${IfNot} ${Errors}
        StrCpy $2 1
    ${EndIf}
FunctionEnd

; WritePath writes $0 as the type $1, and tells all programs.
Function ${un}WritePath
    ${If} $1 == 1
        WriteRegStr HKCU "Environment" "PATH" "$0"
    ${Else}
        WriteRegExpandStr HKCU "Environment" "PATH" "$0"
    ${EndIf}
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=5000
FunctionEnd

; FindInPath sets $5 to where the folder begins in ";$0;", -1 for nowhere.
Function ${un}FindInPath
    StrCpy $5 -1
    StrLen $6 ";$INSTDIR;"
    StrLen $7 ";$0;"
    ${Do}
        IntOp $5 $5 + 1
        StrCpy $8 ";$0;" $6 $5
        ${If} $8 == ";$INSTDIR;" ; in upper or lower case
            Return
        ${EndIf}
    ${LoopUntil} $5 >= $7
    StrCpy $5 -1
FunctionEnd

Function ${un}RemoveFromPath
    Call ${un}ReadPath
    ${If} $2 == 0
        Return
    ${EndIf}
    Call ${un}FindInPath
    ${If} $5 == -1
        Return
    ${EndIf}
    ; before it, without the semicolon in front; behind it, with the one there
    StrCpy $7 ";$0;"
    StrCpy $8 $7 $5
    IntOp $5 $5 + $6
    IntOp $5 $5 - 1
    StrCpy $9 $7 "" $5
    StrCpy $0 "$8$9"
    ; without the semicolons that were put around it
    ${If} $0 == ";"
        StrCpy $0 ""
    ${Else}
        StrCpy $0 $0 -1 1
    ${EndIf}
    ${If} $0 == ""
        DeleteRegValue HKCU "Environment" "PATH"
        SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=5000
    ${Else}
        Call ${un}WritePath
    ${EndIf}
FunctionEnd
!macroend
!insertmacro ReadPath ""
!insertmacro ReadPath "un."

; InPath pushes 1 where the folder is in PATH.
Function InPath
    Call ReadPath
    Call FindInPath
    ${If} $5 == -1
        Push 0
    ${Else}
        Push 1
    ${EndIf}
FunctionEnd

Function AddToPath
    Call ReadPath
    Call FindInPath
    ${If} $5 != -1
        Return
    ${EndIf}
    StrLen $3 "$0;$INSTDIR"
    IntOp $3 $3 + 4 ; the zero at the end, and room to find it again
    ${If} $2 == 0
    ${OrIf} $3 > ${NSIS_MAX_STRLEN}
        DetailPrint "$(PATH_LONG)"
        Return
    ${EndIf}
    ${If} $0 == ""
        StrCpy $0 "$INSTDIR"
    ${Else}
        StrCpy $5 $0 1 -1
        ${If} $5 == ";"
            StrCpy $0 "$0$INSTDIR"
        ${Else}
            StrCpy $0 "$0;$INSTDIR"
        ${EndIf}
    ${EndIf}
    Call WritePath
FunctionEnd
