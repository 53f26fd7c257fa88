import AgonText
import Foundation

/// Output of a long command: lines and, on a terminal, a live line below them that is redrawn in place.
final class LiveLine {
    let isTerminal = TerminalSize.canRedraw
    private var isOpen = false

    /// Redraws the live line, within the terminal's width.
    func draw(_ position: String, timeLeft: String, others: [String]) {
        let line = LiveText.line(position, timeLeft: timeLeft, others: others, width: TerminalSize.liveWidth)
        write("\r\u{1B}[K\(line)", to: .standardError)
        isOpen = true
    }

    /// Prints a permanent line.
    func say(_ line: String) {
        finish()
        write(line.printable + "\n", to: .standardOutput)
    }

    /// Ends the live line, so that later output starts on a new one.
    func finish() {
        if isOpen { write("\n", to: .standardError) }
        isOpen = false
    }

    private func write(_ text: String, to handle: FileHandle) {
        // A closed output pipe must not end the training.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
