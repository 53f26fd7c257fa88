import Foundation

/// The size of a terminal, in characters.
struct TerminalSize {
    let columns: Int
    let rows: Int

    /// The size of the terminal that an output goes to; nil where it goes elsewhere, or the terminal's width is
    /// unknown.
    init?(of descriptor: Int32) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        columns = Int(size.ws_col)
        rows = size.ws_row > 0 ? Int(size.ws_row) : 24
    }

    /// How long the lines may be that standard error shows and that are redrawn in place: a line that wraps cannot be
    /// overwritten. The last column stays free, because some terminals wrap after it.
    static var liveWidth: Int { (TerminalSize(of: STDERR_FILENO)?.columns ?? 80) - 1 }

    /// Whether standard error is a terminal that can redraw a line in place; a dumb one, as in Emacs, cannot.
    static var canRedraw: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// How long the lines of a list on standard output may be.
    static var listWidth: Int { TerminalSize(of: STDOUT_FILENO)?.columns ?? 100 }
}
