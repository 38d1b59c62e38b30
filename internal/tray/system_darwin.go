package tray

// accessKey marks the letter that chooses a row of a menu; macOS has none.
const accessKey = ""
