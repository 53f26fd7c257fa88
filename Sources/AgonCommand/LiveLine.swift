import Foundation

/// Output of a long command: lines, and on a terminal one line below them that is drawn over and over.
final class LiveLine {
    let isTerminal = isatty(STDERR_FILENO) == 1
    private var isOpen = false

    /// Draws the line in place of the former one, cut to the terminal's width: one that wraps could not be drawn over.
    func draw(_ line: String) {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        write("\r\u{1B}[K\(line.prefix(isKnown ? Int(size.ws_col) - 1 : 79))", to: .standardError)
        isOpen = true
    }

    /// Prints a line that stays.
    func say(_ line: String) {
        finish()
        write(line + "\n", to: .standardOutput)
    }

    /// Leaves the live line behind, so that what follows starts on its own.
    func finish() {
        if isOpen { write("\n", to: .standardError) }
        isOpen = false
    }

    private func write(_ text: String, to handle: FileHandle) {
        // A reader that went away must not end the training.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
