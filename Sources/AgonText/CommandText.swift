/// Commands in messages. They work when they are pasted into a shell, whatever their paths contain.
package enum CommandText {
    /// `agon run 'Runs/a b' --resume`: the running program with arguments.
    package static func agon(_ arguments: ShellWords) -> String { "\(program) \(arguments.text)" }

    /// `make -C 'Sweeps/a b' -k`: a command of another program.
    package static func shell(_ words: ShellWords) -> String { words.text }

    /// The running program as a shell word that works in the current folder: its path if it was called by one.
    package static var program: String { program(calledAs: CommandLine.arguments.first ?? "") }

    static func program(calledAs name: String) -> String {
        // In a program of another name, such as a test or one that uses Agon as a library, commands name the installed
        // one.
        name.hasSuffix("/agon") ? ShellText.word(name) : "agon"
    }
}

/// Words of a command: literal text stays as it is, and each interpolated text becomes one word.
package struct ShellWords: ExpressibleByStringInterpolation {
    package let text: String

    package init(stringLiteral text: String) { self.text = text }

    package init(stringInterpolation words: StringInterpolation) { text = words.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        /// A path that begins with a dash would be read as an option.
        package mutating func appendInterpolation(_ word: String) {
            text += ShellText.word(word.hasPrefix("-") ? "./" + word : word)
        }

        package mutating func appendInterpolation(_ number: Int) { text += String(number) }
    }
}
