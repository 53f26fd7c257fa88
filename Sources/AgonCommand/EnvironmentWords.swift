import AgonConfiguration
import Foundation

/// Environment variables that hold one of a few words. A misspelt word would be ignored, and a comparison of two methods
/// would then compare one with itself.
enum EnvironmentWords {
    private static let variables = [
        ("AGON_CONVOLUTION", ["counted", "direct"]),
        ("AGON_VECTOR", ["portable", "avx2", "avx512"]),
    ]

    struct UnknownWord: Error, CustomStringConvertible {
        let description: String
    }

    /// Throws `UnknownWord` for the first variable that holds another word.
    static func check(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        for (name, words) in variables {
            guard let word = environment[name], !word.isEmpty, !words.contains(word) else { continue }
            let nearest = nearestName(to: word, in: words).map { " Did you mean '\($0)'?" } ?? ""
            throw UnknownWord(
                description: "\(name)=\(word): unknown word.\(nearest) Available: \(words.joined(separator: ", "))")
        }
    }
}
