#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Errors in configs, each case with the data of its message.
public enum ConfigError: Error, Hashable, Sendable {
    case unreadableFile(path: String, reason: String, extendedAt: ConfigSource?, isPassing: Bool = false)
    /// Neither a file nor the name of a config that comes with Agon; `listing` is the command that lists these.
    case unknownFile(name: String, noun: String, nearest: String?, listing: String)
    case syntax(ConfigSource, SyntaxFault)
    case duplicateKey(ConfigSource, ConfigPath, first: ConfigSource)
    /// Files that extend one another in a cycle; the last path repeats the first.
    case extendsCycle(ConfigSource, chain: [String])

    case unknownKey(ConfigSource, ConfigPath, nearest: String?, known: [String])
    case missingKey(ConfigSource, ConfigPath, key: String, choices: [String])
    case wrongType(ConfigSource, ConfigPath, expected: String, found: String)
    case outOfRange(ConfigSource, ConfigPath, found: String, expected: String)
    case wrongCount(ConfigSource, ConfigPath, found: Int, expected: String)
    /// An unknown name. `noun` says what it names: `choice`, `layer`, `optimizer`.
    case unknownName(ConfigSource, ConfigPath, noun: String, found: String, nearest: String?, available: [String])
    /// A rule of the decoder, in its words.
    case unfit(ConfigSource, ConfigPath, String)

    case malformedOverride(argument: String)
    case indexOutOfRange(ConfigSource, ConfigPath, index: Int, count: Int)

    /// A section whose decoder cannot run without input: a bug in the program, found while describing it.
    case undescribable(section: String, reason: String)
}

/// A syntax error in a file.
public enum SyntaxFault: Hashable, Sendable {
    case unexpectedEnd(expected: String)
    case unexpected(found: String, expected: String)
    case invalidUTF8
    case loneSurrogate
    case unknownEscape(String)
    case controlCharacter(UInt8)
    case unterminatedString
    case unterminatedComment
    case malformedNumber(String)
    case notFinite(String)
    case tooDeep(limit: Int)
    case tooLarge(limit: Int)
}

extension ConfigError {
    /// Whether the cause is transient, such as a file system that does not answer.
    package var isPassing: Bool {
        if case .unreadableFile(_, _, _, let isPassing) = self { return isPassing }
        return false
    }
}

extension ConfigError: CustomStringConvertible, LocalizedError {
    public var errorDescription: String? { description }

    public var description: String {
        switch self {
        case .unreadableFile(let path, let reason, nil, _):
            "\(path): cannot be read: \(reason)"
        case .unreadableFile(let path, let reason, let source?, _):
            "\(source): extends: '\(path)' cannot be read: \(reason)"
        case .unknownFile(let name, let noun, let nearest, let listing):
            "\(name): cannot be read: no such file, and no \(noun) of this name comes with Agon."
                + (nearest.map { " Did you mean '\($0)'?" } ?? "") + " List them with: \(listing)"
        case .syntax(let source, let fault):
            source.column.map { "\(source):\($0): \(fault)" } ?? "\(source): \(fault)"
        case .duplicateKey(let source, let path, let first):
            Self.line(source, path, "the key is given twice" + (first.line.map { ", first in line \($0)" } ?? ""))
        case .extendsCycle(let source, let chain):
            "\(source): extends: files extend one another in a cycle: \(chain.joined(separator: " -> "))"
        case .unknownKey(let source, let path, let nearest, let known):
            Self.line(source, path, "unknown key." + Self.suggestion(nearest, "Keys known here", known))
        case .missingKey(let source, let path, let key, let choices):
            Self.line(
                source, path,
                "missing key '\(key)'" + (choices.isEmpty ? "" : "; one of: \(choices.joined(separator: ", "))"))
        case .wrongType(let source, let path, let expected, let found):
            Self.line(source, path, "expected \(expected), found \(found)")
        case .outOfRange(let source, let path, let found, let expected):
            Self.line(source, path, "\(found) is out of range; expected \(expected)")
        case .wrongCount(let source, let path, let found, let expected):
            Self.line(source, path, "expected \(expected), found \(found)")
        case .unknownName(let source, let path, let noun, let found, let nearest, let available):
            Self.line(
                source, path,
                "unknown \(noun) '\(shortened(found))'." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
                    + " Available: \(available.joined(separator: ", "))")
        case .unfit(let source, let path, let message):
            Self.line(source, path, message)
        case .malformedOverride(let argument):
            "--set \(shortened(argument)): expected path=value, such as discriminator.layers[2].kernel=5"
        case .indexOutOfRange(let source, let path, let index, let count):
            Self.line(
                source, path,
                "index \(index) is out of range; the array has \(count == 1 ? "1 element" : "\(count) elements")")
        case .undescribable(let section, let reason):
            "\(section) cannot be described: \(reason)"
        }
    }

    private static func line(_ source: ConfigSource, _ path: ConfigPath, _ message: String) -> String {
        path.steps.isEmpty || isOption(source, of: path) ? "\(source): \(message)" : "\(source): \(path): \(message)"
    }

    /// Whether a value was given by an option with the name of its key, which would be said twice: `--real-samples 0`
    /// for `realSamples`.
    private static func isOption(_ source: ConfigSource, of path: ConfigPath) -> Bool {
        guard source.file.hasPrefix("--"), !source.isOverride, case .key(let key)? = path.steps.first
        else { return false }
        let option = source.file.dropFirst(2).prefix { $0 != " " }
        return key.filter(\.isLetter).lowercased() == option.filter(\.isLetter).lowercased()
    }

    private static func suggestion(_ nearest: String?, _ heading: String, _ names: [String]) -> String {
        if let nearest { return " Did you mean '\(nearest)'?" }
        return names.isEmpty ? "" : " \(heading): \(names.joined(separator: ", "))"
    }
}

extension SyntaxFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedEnd(let expected): "unexpected end of text; expected \(expected)"
        case .unexpected(let found, let expected): "expected \(expected), found \(found)"
        case .invalidUTF8: "the text is not UTF-8"
        case .loneSurrogate: "half of a surrogate pair in a \\u escape"
        case .unknownEscape(let escape): "unknown escape \(escape) in a string"
        case .controlCharacter(let byte):
            "control character \(byte) in a string; write it as \(JSONText.escape(of: byte))"
        case .unterminatedString: "the string is not closed on its line"
        case .unterminatedComment: "the comment is not closed by */"
        case .malformedNumber(let text): "'\(shortened(text))' is not a number in JSON's form, such as 12, -0.5 or 2e-4"
        case .notFinite(let text): "\(shortened(text)) is not a finite number"
        case .tooDeep(let limit): "more than \(limit) levels of nesting"
        case .tooLarge(let limit): "the file is larger than \(limit >> 20) MiB"
        }
    }
}
