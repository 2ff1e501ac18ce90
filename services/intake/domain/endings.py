"""What the ending of a file's name says: what runs when it is opened, what only shows something."""

# ruff: noqa: SIM905 - a hundred words are read better as words

PROGRAMS = frozenset(
    "ade adp apk app appimage application appref-ms appx appxbundle bat chm cmd com command cpl deb desktop diagcab"
    " dll dmg exe gadget hta img inf ins iso isp jar jnlp js jse ksh lib library-ms lnk mad maf mam maq mar mas mat mau"
    " mav maw mda mdb mde mdt mdw mdz msc msh msi msix msp mst ocx ops osd pcd pif pkg pl plg prf prg ps1 ps1xml ps2"
    " psc1 psd1 psdm1 psm1 py pyc pyw rb reg run scf scr sct search-ms settingcontent-ms sh shb shs sys theme udl url"
    " vb vbe vbp vbs vhd vhdx vxd website ws wsb wsc wsf wsh xbap xll xnk".split()
)
"""Runs, installs, mounts or sets something when it is opened: what mail servers block, and images that hide such."""

ACTIVE = frozenset("htm html mht mhtml shtml svg svgz swf xht xhtml".split())
"""A page or picture that may hold a script."""

SHOWS = frozenset(
    "3gp avi avif bmp csv doc docx gif heic heif jfif jpeg jpg log m4a md mov mp3 mp4 mpeg mpg odp ods odt ogg pdf png"
    " ppt pptx rtf tif tiff txt wav webm webp xls xlsx xps".split()
)
"""Words, pictures, sound: what one opens without a thought."""

ARCHIVES = frozenset(
    "docm docx dotm dotx epub gz jar odp ods odt pptm pptx tgz xlam xlsb xlsm xlsx xltm xltx zip doc xls ppt".split()
)
"""Whose table of contents is looked into when it lies in an archive."""

WITH_MACROS = frozenset("docm dotm pptm potm ppsm ppam xlsm xltm xlam xlsb sldm".split())


def ending(name: str) -> str:
    """Return the ending of a name in small letters, without its dot; empty when it has none."""
    stem, dot, last = name.rstrip(" .").rpartition(".")
    return last.lower() if dot and stem else ""


def endings(name: str) -> list[str]:
    """Return the last two endings of a name, as `pdf`, `exe` of `faktura.pdf.exe`; blanks between them do not hide."""
    parts = [part.strip().lower() for part in name.rstrip(" .").split(".")]
    return parts[1:][-2:]
