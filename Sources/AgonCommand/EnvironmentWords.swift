import AgonConfiguration
import AgonTensors
import Foundation

/// Environment variables that hold one of a few words. A word that is misspelt or asks for instructions that the
/// processor lacks would be ignored, and a comparison of two methods would then compare one with itself.
enum EnvironmentWords {
    private static let variables = [
        ("AGON_CONVOLUTION", ["counted", "direct"]),
        ("AGON_VECTOR", ["portable", "avx2", "avx512"]),
    ]

    struct UnfitWord: Error, CustomStringConvertible {
        let description: String
    }

    /// Throws `UnfitWord` for the first variable that holds another word, or one that asks for missing instructions.
    static func check(
        _ environment: [String: String] = ProcessInfo.processInfo.environment, processor: Processor = .current
    ) throws {
        for (name, words) in variables {
            guard let word = environment[name], !word.isEmpty, !words.contains(word) else { continue }
            let nearest = nearestName(to: word, in: words).map { " Did you mean '\($0)'?" } ?? ""
            throw UnfitWord(
                description: "\(name)=\(word): unknown word.\(nearest) Available: \(words.joined(separator: ", "))")
        }
        let hasAVX2 = processor.hasAVX2 && processor.hasFMA
        let isMissing = ["avx2": !hasAVX2, "avx512": !hasAVX2 || !processor.hasAVX512]
        if let word = environment["AGON_VECTOR"], isMissing[word] == true {
            throw UnfitWord(
                description: "AGON_VECTOR=\(word): this processor lacks these instructions; unset it for the widest "
                    + "that the processor has")
        }
    }
}
