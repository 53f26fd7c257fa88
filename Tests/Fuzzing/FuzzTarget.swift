import AgonConfiguration
import AgonDatasets
import AgonRunIndex
import AgonRuns
import AgonSampling
import AgonTensors
import CAgonImageCodecs
import Foundation

/// A parser of foreign bytes. It may refuse them by an error, and must not trap, hang, or touch memory that is not its
/// own.
enum FuzzTarget: String, CaseIterable {
    case image, archive, gzip, idx, cifar, safetensors, npy, json, override, expression, query, evaluations, metrics

    /// Parses the bytes.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .image: image(bytes)
        case .archive: withFile(bytes, archive)
        case .gzip, .idx:
            withFile(bytes) { path in
                _ = try? IDXFile(path: path, rank: 3)
                _ = try? IDXFile(path: path, rank: 1)
            }
        case .cifar:
            withFile(bytes) { path in
                _ = try? StoredImages.readCIFAR(batches: [path], classNames: (0..<10).map(String.init))
            }
        case .safetensors: withFile(bytes, safetensors)
        case .npy: withFile(bytes) { _ = try? NpyArray(path: $0) }
        case .json:
            // What is read is written the same way again.
            guard let node = try? ConfigNode.parse(bytes, file: "input") else { return }
            let again = try? ConfigNode.parse(node.prettyText, file: "again")
            precondition(again == node, "written and read again, the JSON is another")
        case .override:
            guard let override = try? ConfigOverride(String(decoding: bytes, as: UTF8.self)) else { return }
            _ = "\(override)"
        case .expression: _ = try? LatentExpression(String(decoding: bytes, as: UTF8.self))
        case .query: _ = try? RunQuery(String(decoding: bytes, as: UTF8.self))
        case .evaluations: withFile(bytes) { _ = try? EvaluationLog(path: $0).read() }
        case .metrics: metrics(bytes)
        }
    }

    private func image(_ bytes: [UInt8]) {
        var info = agon_image_info()
        var message = [CChar](repeating: 0, count: Int(AGON_MESSAGE_SIZE))
        guard agon_image_header(bytes, bytes.count, &info, &message) == 0 else { return }
        let count = Int(info.height) * Int(info.width) * Int(info.channels)
        // Large sizes cost time and find nothing that small ones do not.
        guard count <= 1 << 22 else { return }
        var pixels = [UInt8](repeating: 0, count: count)
        _ = agon_image_decode(bytes, bytes.count, &info, 255, &pixels, &message)
    }

    private func archive(_ path: String) {
        var summary = agon_archive_summary()
        var message = [CChar](repeating: 0, count: Int(AGON_MESSAGE_SIZE))
        guard agon_archive_check(path, &summary, &message) == 0, summary.bytes <= 1 << 22, summary.files < 1000 else {
            return
        }
        let folder = Self.folder + "/out"
        mkdir(folder, 0o700)
        _ = agon_archive_extract(path, folder, 1 << 22, &message)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The fast reader of lines reads what the reader of configs reads.
    private func metrics(_ bytes: [UInt8]) {
        let line = bytes.withUnsafeBytes { MetricsLine(text: $0) }
        guard let node = try? ConfigNode.parse(String(decoding: bytes, as: UTF8.self), file: "line"),
            let whole = MetricsLine(node: node), abs(whole.step) < 1 << 53
        else { return }
        precondition(line?.step == whole.step && line?.seconds == whole.seconds, "another step or time")
        precondition(line?.values.map(\.key) == whole.values.map(\.key), "other keys")
        precondition(
            line?.values.map(\.value.bitPattern) == whole.values.map(\.value.bitPattern), "other values")
    }

    private func safetensors(_ path: String) {
        guard let file = try? SafetensorsFile(path: path) else { return }
        for entry in file.entries {
            _ = try? file.tensor(entry.name)
            _ = try? file.integers(entry.name)
        }
        _ = try? Checkpoint(path: path)
    }

    // MARK: Files

    /// In memory, and the process's own.
    private static let folder: String = {
        let folder = "/dev/shm/agon-fuzzing-\(getpid())"
        mkdir(folder, 0o700)
        return folder
    }()

    private func withFile(_ bytes: [UInt8], _ body: (String) -> Void) {
        let path = Self.folder + "/input"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot write \(path)")
        precondition(write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
        close(descriptor)
        body(path)
    }

    static func removeFiles() { try? FileManager.default.removeItem(atPath: folder) }
}
