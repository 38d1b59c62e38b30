; The installer for Windows, for one person and without rights of an administrator.
; make-dist runs makensis with what the !define lines at the top are missing:
;
;   VERSION, NUMBER  the version, and the same as four numbers
;   TARGET           the processor that the installer itself is for
;   FILES            the folder with the files to install
;   OUT, HOMEPAGE, SIGN
;   QUICK            for a test: made in a moment, and large, as the files stay as they are
;
; Silent: /S, with /AUTOSTART=1 or 0 and /PATH=1 or 0 for the choices, /D=FOLDER at the
; end. Without them an upgrade keeps what there is. Exit codes: 0 done, 1 given up,
; 2 the running program could not be ended.
Target ${TARGET}
!ifdef QUICK
SetCompressor lzma
!else
SetCompressor /SOLID lzma
SetCompressorDictSize 64
!endif

!define NAME "Colab Tray"
!define PROGRAM "Colab Tray.exe"
!define AUMID "dev.colabtray.ColabTray" ; internal/notify has the same two
!define ACTIVATOR "{5B1C9E0A-8D47-4F0B-9C36-2E7A54D1F8C3}"
!define APPKEY "Software\Classes\AppUserModelId\${AUMID}"
!define UNINSTALLKEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define RUNKEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVEDKEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${UNINSTALLKEY}" "InstallLocation"
RequestExecutionLevel user
ManifestSupportedOS Win10
ManifestDPIAware true
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBER}"
VIFileVersion "${NUMBER}"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Installs ${NAME}"
VIAddVersionKey "CompanyName" "the Colab Tray authors"
VIAddVersionKey "LegalCopyright" "Copyright 2026 the Colab Tray authors. MIT License."
!uninstfinalize '${SIGN} "%1"'
!finalize '${SIGN} "%1"'

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include Sections.nsh
!include WinMessages.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

!define MUI_ICON "../../assets/app/app.ico"
!define MUI_UNICON "../../assets/app/app.ico"
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "French"

!include texts.nsh
!include path.nsh

Var inUse

; EndProgram ends the tray that runs from the folder, and waits until its files can be
; replaced. The runtime goes on. $inUse is then whether there was something to end.
!macro EndProgram un
Function ${un}EndProgram
    StrCpy $inUse 0
    Call ${un}FilesInUse
    Pop $0
    ${If} $0 == 0
        Return
    ${EndIf}
    StrCpy $inUse 1
  again:
    nsExec::ExecToLog '"$INSTDIR\colab-tray.exe" quit'
    Pop $0
    StrCpy $1 0
    ${Do} ; the process lives a moment longer than what it says
        Call ${un}FilesInUse
        Pop $0
        ${If} $0 == 0
            Return
        ${EndIf}
        Sleep 200
        IntOp $1 $1 + 1
    ${LoopUntil} $1 > 50
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(IN_USE)" /SD IDCANCEL IDRETRY again
    SetErrorLevel 2
    Quit
FunctionEnd

; FilesInUse pushes 1 where one of the programs runs: Windows then lets nobody write to
; its file.
Function ${un}FilesInUse
    Push $0
    ClearErrors
    ${If} ${FileExists} "$INSTDIR\${PROGRAM}"
        FileOpen $0 "$INSTDIR\${PROGRAM}" a
        FileClose $0
    ${EndIf}
    ${If} ${FileExists} "$INSTDIR\colab-tray.exe"
        FileOpen $0 "$INSTDIR\colab-tray.exe" a
        FileClose $0
    ${EndIf}
    StrCpy $0 0
    ${If} ${Errors}
        StrCpy $0 1
    ${EndIf}
    Exch $0
FunctionEnd
!macroend
!insertmacro EndProgram ""
!insertmacro EndProgram "un."

; MakeShortcut makes the entry of the Start menu. It carries the identity that
; notifications come from.
Function MakeShortcut
    SetOutPath "$INSTDIR"
    CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${PROGRAM}"
    !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
    ${If} $0 P= 0
        Return
    ${EndIf}
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
    ${If} $1 P<> 0
    ${AndIf} $2 P<> 0
        ${IPersistFile::Load} $1 '("$SMPROGRAMS\${NAME}.lnk",${STGM_READWRITE})'
        System::Call '*(&w64 "${AUMID}")p.r3'
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
        System::Call '*(&i2 ${VT_LPWSTR},&i6 0,p r3,p 0)p.r5'
        ${IPropertyStore::SetValue} $2 '(r4,r5)'
        ${IPropertyStore::Commit} $2 ""
        System::Free $3
        System::Free $4
        System::Free $5
        ${IPersistFile::Save} $1 '("$SMPROGRAMS\${NAME}.lnk",1)'
    ${EndIf}
    !insertmacro ComHlpr_SafeRelease $1
    !insertmacro ComHlpr_SafeRelease $2
    ${IUnknown::Release} $0 ""
FunctionEnd

Section "${NAME}"
    SectionIn RO
    Call EndProgram
    SetOutPath "$INSTDIR"
    SetOverwrite on
    !ifdef QUICK
    SetCompress off
    !endif
    File "${FILES}/*"
    !ifdef QUICK
    SetCompress auto
    !endif
    WriteUninstaller "$INSTDIR\uninstall.exe"
    Call MakeShortcut

    WriteRegStr HKCU "${APPKEY}" "DisplayName" "${NAME}"
    WriteRegStr HKCU "${APPKEY}" "IconUri" "$INSTDIR\colab-tray.png"
    WriteRegStr HKCU "${APPKEY}" "CustomActivator" "${ACTIVATOR}"

    WriteRegStr HKCU "${UNINSTALLKEY}" "DisplayName" "${NAME}"
    WriteRegStr HKCU "${UNINSTALLKEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${UNINSTALLKEY}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
    WriteRegStr HKCU "${UNINSTALLKEY}" "Publisher" "the Colab Tray authors"
    WriteRegStr HKCU "${UNINSTALLKEY}" "URLInfoAbout" "${HOMEPAGE}"
    WriteRegStr HKCU "${UNINSTALLKEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALLKEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALLKEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALLKEY}" "NoModify" 1
    WriteRegDWORD HKCU "${UNINSTALLKEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALLKEY}" "EstimatedSize" $0
SectionEnd

Section /o "$(AUTOSTART)" autostart
    ; What Windows' settings have recorded against it goes, and what the person may
    ; have added to the command stays.
    DeleteRegValue HKCU "${APPROVEDKEY}" "${NAME}"
    Call StartsAtLogin
    Pop $0
    ${If} $0 == 0
        WriteRegStr HKCU "${RUNKEY}" "${NAME}" '"$INSTDIR\${PROGRAM}"'
    ${EndIf}
SectionEnd

Section "$(PATH)" path
    Call AddToPath
SectionEnd

Section "-choices" ; what was not chosen
    ${IfNot} ${SectionIsSelected} ${autostart}
        Call StartsAtLogin
        Pop $0
        ${If} $0 == 1
            DeleteRegValue HKCU "${RUNKEY}" "${NAME}"
        ${EndIf}
    ${EndIf}
    ${IfNot} ${SectionIsSelected} ${path}
        Call RemoveFromPath
    ${EndIf}
    ; With a window, its last page starts the tray.
    ${If} ${Silent}
    ${AndIf} $inUse == 1
        Exec '"$INSTDIR\${PROGRAM}"'
    ${EndIf}
SectionEnd

; StartsAtLogin pushes 1 where Windows starts a program of the folder at login.
!macro StartsAtLogin un
Function ${un}StartsAtLogin
    Push $0
    Push $1
    Push $2
    ReadRegStr $0 HKCU "${RUNKEY}" "${NAME}"
    StrLen $1 '"$INSTDIR\'
    StrCpy $2 $0 $1
    StrCpy $0 0
    ${If} $2 == '"$INSTDIR\'
        StrCpy $0 1
    ${EndIf}
    Pop $2
    Pop $1
    Exch $0
FunctionEnd
!macroend
!insertmacro StartsAtLogin ""
!insertmacro StartsAtLogin "un."

; Choose SECTION OPTION CHOSEN selects a section or not: by its option, else as it is.
!macro Choose section option chosen
    ClearErrors
    ${GetOptions} $R0 "/${option}=" $R1
    ${If} ${Errors}
        StrCpy $R1 ${chosen}
    ${EndIf}
    ${If} $R1 == 1
        !insertmacro SelectSection ${section}
    ${Else}
        !insertmacro UnselectSection ${section}
    ${EndIf}
!macroend

Function .onInit
    ${GetParameters} $R0
    ; Whoever had it start at login has it do so still, from wherever that was.
    StrCpy $R2 0
    ReadRegStr $0 HKCU "${RUNKEY}" "${NAME}"
    ${If} $0 != ""
        StrCpy $R2 1
    ${EndIf}
    !insertmacro Choose ${autostart} AUTOSTART $R2
    StrCpy $R2 1
    ReadRegStr $0 HKCU "${UNINSTALLKEY}" "InstallLocation"
    ${If} $0 != ""
        Call InPath
        Pop $R2
    ${EndIf}
    !insertmacro Choose ${path} PATH $R2
FunctionEnd

; Settings, log and backups in %LOCALAPPDATA%\colab-tray stay, as do runtimes and
; volumes: the person deletes them by name.
Section "un.${NAME}"
    Call un.EndProgram
    !include "${FILES}.nsh" ; deletes each file that was installed
    Delete "$INSTDIR\uninstall.exe"
    SetOutPath "$TEMP"
    RMDir "$INSTDIR" ; where nobody put anything beside it
    Delete "$SMPROGRAMS\${NAME}.lnk"
    DeleteRegKey HKCU "${APPKEY}"
    DeleteRegKey HKCU "${UNINSTALLKEY}"
    Call un.StartsAtLogin
    Pop $0
    ${If} $0 == 1
        DeleteRegValue HKCU "${RUNKEY}" "${NAME}"
        DeleteRegValue HKCU "${APPROVEDKEY}" "${NAME}"
    ${EndIf}
    Call un.RemoveFromPath
SectionEnd
