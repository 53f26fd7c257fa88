import AgonRuns
import AgonTensors
import Foundation

/// The latent vectors named by the user, as `RUN/latents/NAME.npy`: float32, `[size]`.
///
/// Saving needs no lock of the run, because training does not use these files.
public struct SavedLatents: Sendable {
    /// Valid numbers of a seed's samples.
    static let sampleNumbers = 1...100_000

    public let folder: String
    /// The size of a vector.
    public let size: Int

    public init(run: RunFolder, size: Int) {
        folder = run.path + "/latents"
        self.size = size
    }

    /// In alphabetical order.
    public var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
            .filter { LatentExpression.isName($0) }.sorted()
    }

    public func path(of name: String) -> String { "\(folder)/\(name).npy" }

    /// Throws `TensorsError`, and `SamplingError.badLatent` for a file without such a vector.
    public func load(_ name: String) throws -> [Float] {
        let path = path(of: name)
        let array = try NpyArray(path: path)
        guard array.shape == [size] else {
            throw SamplingError.badLatent(path: path, problem: "its shape is \(array.shape), expected [\(size)]")
        }
        let values = array.tensor.values
        guard values.allSatisfy(\.isFinite) else {
            throw SamplingError.badLatent(path: path, problem: "it holds numbers that are not finite")
        }
        return values
    }

    /// Writes vectors under their names, each file atomically. All names are checked before the first is
    /// written.
    ///
    /// - Parameter replacing: whether to overwrite existing names.
    ///
    /// Throws `SamplingError.latentExists`, `.cannotMakeFolder`, `TensorsError.cannotWrite`.
    public func save(_ latents: [(name: String, values: [Float])], replacing: Bool) throws {
        for (name, values) in latents {
            precondition(values.count == size && LatentExpression.isName(name), "\(values.count) numbers for '\(name)'")
            if !replacing, FileManager.default.fileExists(atPath: path(of: name)) {
                throw SamplingError.latentExists(path: path(of: name))
            }
        }
        try RunFolder.makeFolders(folder)
        for (name, values) in latents {
            try NpyArray(Tensor(shape: [size], values: values)).write(path: path(of: name))
        }
    }
}

/// A latent to save under a name: the mean of samples of a seed, numbered from 1.
public struct LatentAssignment: Equatable, Sendable, CustomStringConvertible {
    public let name: String
    public let samples: [Int]

    public var description: String {
        samples.count == 1
            ? "sample \(samples[0])" : "mean of samples \(samples.map(String.init).joined(separator: ", "))"
    }

    /// Parses `NAME=K` or `NAME=K+L+M`, separated by commas.
    ///
    /// Throws `SamplingError.malformedAssignment`.
    public static func parse(_ text: String) throws -> [LatentAssignment] {
        var assignments: [LatentAssignment] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(trimmed)
            guard sides.count == 2 else {
                throw fault(part, "expected NAME=NUMBER or NAME=NUMBER+NUMBER+..., such as smile=3+7+12")
            }
            let (name, sum) = (sides[0], sides[1])
            guard LatentExpression.isName(name) else {
                throw fault(
                    part,
                    LatentExpression.reservedNames.contains(name)
                        ? "'\(name)' is a function; choose another name"
                        : "'\(name)' is not a valid name; use letters, digits and '_', not starting with a digit")
            }
            if assignments.contains(where: { $0.name == name }) { throw fault(part, "'\(name)' is given twice") }
            let samples = try sum.split(separator: "+", omittingEmptySubsequences: false).map { number in
                try sample(trimmed(number), in: part)
            }
            assignments.append(LatentAssignment(name: name, samples: samples))
        }
        return assignments
    }

    /// Parses `12,15`.
    ///
    /// Throws `SamplingError.malformedAssignment`.
    public static func parseSamples(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { try sample(trimmed($0), in: text[...]) }
    }

    private static func sample(_ text: String, in part: Substring) throws -> Int {
        guard text.allSatisfy(LatentExpression.isDigit), let number = Int(text),
            SavedLatents.sampleNumbers.contains(number)
        else {
            throw fault(
                part, "'\(text)' is not a sample number; expected 1 to \(SavedLatents.sampleNumbers.upperBound)")
        }
        return number
    }

    private static func trimmed(_ text: Substring) -> String { text.trimmingCharacters(in: .whitespaces) }

    private static func fault(_ part: Substring, _ problem: String) -> SamplingError {
        .malformedAssignment(text: String(part), problem: problem)
    }
}
