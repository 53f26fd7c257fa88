import AgonConfiguration
import AgonTensors
import Foundation

/// A folder that is deleted when the test ends.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// - Parameter inMemory: whether large files stay in memory instead of on the disk, where the system allows it.
    package init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        path = parent + "/agon-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A folder for what many tests share. It is deleted when the process ends: no value of a static variable is.
    package static let ofTheProcess: Result<TemporaryFolder, any Error> = Result {
        atexit {
            guard case .success(let folder) = TemporaryFolder.ofTheProcess else { return }
            try? FileManager.default.removeItem(atPath: folder.path)
        }
        return try TemporaryFolder()
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file, makes its folders, and returns its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        let place = file(name)
        try FileManager.default.createDirectory(atPath: FilePath.parent(of: place), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: place))
        return place
    }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    package func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    package func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

    /// The names of what lies directly in it, sorted.
    package var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    /// The paths of everything below it, relative to it, sorted.
    package var files: [String] { ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// The bytes of every file in a folder that can be read, by its path relative to the folder.
package func snapshot(of folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        files[name] = try? bytes(of: folder + "/" + name)
    }
    return files
}

/// The bytes of a file.
package func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
