import AgonGraph
import AgonTensors
import AgonText
import Foundation

/// Replays recorded reference cases: files GROUP/NAME.safetensors with inputs, expected values and, as metadata,
/// the computation.
///
/// The metadata key `case` is a JSON object with `kind`, `op` and `attributes`. Layouts are PyTorch's: images NCHW,
/// weights OIHW (transposed IOHW), linear weights [out, in]. `grad.X` is the gradient of `sum(output * grad.output)`,
/// or of the scalar loss, by X. Unknown kinds, operations, attributes and tensors fail.
public enum Verification {
    /// The largest relative error that passes: `max |found - expected| / max |expected|` of each tensor.
    public static let bound = 1e-4

    /// One case's outcome.
    public struct Verdict: Sendable {
        /// The path below the folder, without the extension.
        public let name: String
        /// The worst of the case's tensors; nil if it could not be computed.
        public let worst: (tensor: String, error: Double)?
        public let bound: Double
        /// Why it could not be computed.
        public let problem: String?

        public var isPassed: Bool { problem == nil && (worst.map { $0.error <= bound } ?? false) }
    }

    /// Replays every case below a folder, ordered by name.
    ///
    /// Throws `VerificationError.noCases` or `.unreadableFolder`, `TensorsError` without BLAS. A file that cannot be
    /// read is a failed case.
    public static func run(
        folder: String, threads: Int = Processor.current.usableCores, report: (Verdict) -> Void = { _ in }
    ) throws -> [Verdict] {
        try BLAS.open()
        guard FileSystem.exists(folder) else {
            throw VerificationError.unreadableFolder(path: folder, reason: SystemFault.text(of: ENOENT))
        }
        let paths: [String]
        do {
            // The listing would not follow a link to the folder.
            let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
            paths = try FileManager.default.subpathsOfDirectory(atPath: place)
        } catch {
            throw VerificationError.unreadableFolder(path: folder, reason: SystemFault.text(of: error))
        }
        let files = paths.filter { $0.hasSuffix(".safetensors") }.sorted()
        guard !files.isEmpty else { throw VerificationError.noCases(folder: folder) }
        let pool = WorkerPool(threads: threads)
        return files.map { file in
            let verdict = verdict(folder: folder, file: file, pool: pool)
            report(verdict)
            return verdict
        }
    }

    private static func verdict(folder: String, file: String, pool: WorkerPool) -> Verdict {
        let name = String(file.dropLast(".safetensors".count))
        do {
            let recorded = try RecordedCase(name: name, path: folder + "/" + file, pool: pool)
            try recorded.replay()
            let worst = recorded.comparisons.max { $0.error < $1.error }
            return Verdict(
                name: name, worst: worst, bound: recorded.bound,
                problem: worst == nil ? "the file expects no value" : nil)
        } catch {
            return Verdict(name: name, worst: nil, bound: bound, problem: "\(error)")
        }
    }
}

extension Verification.Verdict: CustomStringConvertible {
    /// `passed  operation/conv2d-k3s1p1  3.1e-07 (grad.weight)`
    public var description: String {
        let start = (isPassed ? "passed  " : "FAILED  ") + name
        if let problem { return "\(start)  \(problem)" }
        guard let worst else { return start }
        let detail = "\(NumberText.scientific(worst.error)) (\(worst.tensor))"
        return isPassed
            ? "\(start)  \(detail)" : "\(start)  \(detail), more than \(NumberText.scientific(bound))"
    }

}
