/// Words as a shell takes them.
package enum ShellText {
    /// The text as one word, in quotes where it needs them.
    package static func word(_ text: String) -> String {
        text.wholeMatch(of: /[A-Za-z0-9\/._+=:,@%-]+/) == nil ? quoted(text) : text
    }

    /// The text in single quotes.
    package static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
