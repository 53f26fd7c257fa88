import AgonDatasets
import AgonTensors
import Foundation

/// A folder that vanishes with its test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "agon-datasets-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making its folders, and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: FilePath.parent(of: file), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    /// Writes an image of one value.
    @discardableResult
    func writeImage(
        _ name: String, value: UInt8, height: Int = 2, width: Int = 2, channels: Int = 3
    ) throws -> String {
        let file = try write(name, "")
        let shape = ImageShape(height: height, width: width, channels: channels)
        try ImageFile.writePNG(
            Image(shape: shape, pixels: [UInt8](repeating: value, count: shape.count)), path: file)
        return file
    }

    /// All files below the folder, sorted.
    var files: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// Bytes of an IDX file.
func idx(_ extents: [Int], _ values: [UInt8], type: UInt8 = 8, rank: Int? = nil) -> [UInt8] {
    [0, 0, type, UInt8(rank ?? extents.count)]
        + extents.flatMap { extent in (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) } } + values
}

func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The error that a body throws, as its text.
func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return "\(error)"
    }
}
