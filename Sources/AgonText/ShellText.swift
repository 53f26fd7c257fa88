/// Quotes text for a shell.
package enum ShellText {
    /// The text as one word, quoted if needed.
    package static func word(_ text: String) -> String {
        text.wholeMatch(of: /[A-Za-z0-9\/._+=:,@%-]+/) == nil ? quoted(text) : text
    }

    /// The text in single quotes.
    package static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
