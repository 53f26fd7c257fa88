import Foundation

/// How long the lines of a list may be.
enum TerminalWidth {
    /// For output that no terminal shows.
    private static let other = 100

    /// Columns of standard output.
    static var columns: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : other
    }
}
