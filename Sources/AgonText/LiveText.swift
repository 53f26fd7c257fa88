/// A line about work in progress, for a display that is redrawn in place.
public enum LiveText {
    /// The line, at most `width` characters long: a line that wraps cannot be overwritten.
    ///
    /// Parts that do not fit are left out whole, because a truncated number is a different number: first the others
    /// from their end, then the position, at last the time left.
    ///
    /// - Parameter timeLeft: nil if it is unknown; then the position is the last part to be left out.
    public static func line(_ position: String, timeLeft: String?, others: [String] = [], width: Int) -> String {
        var line = timeLeft.map { position + "  " + $0 } ?? position
        guard line.count <= width else { return timeLeft.flatMap { $0.count <= width ? $0 : nil } ?? "" }
        for part in others {
            guard line.count + 2 + part.count <= width else { break }
            line += "  " + part
        }
        return line
    }
}
