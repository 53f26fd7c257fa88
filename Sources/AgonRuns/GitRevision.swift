import AgonTensors
import Foundation

/// The commit of the project that a config stands in, and whether anything there differs from it.
public struct GitRevision: Record, Hashable, Sendable {
    public private(set) var commit = ""
    public private(set) var isDirty = false

    package init() {}

    package static var fields: [RecordField<GitRevision>] {
        [.value("commit", \.commit, isRequired: true), .value("isDirty", \.isDirty)]
    }

    /// Asks git about the folder of a file; nil outside of a repository, or without git.
    package init?(near path: String) {
        let folder = FilePath.parent(of: path)
        let place = folder.isEmpty ? "." : folder
        guard let commit = Self.output(["-C", place, "rev-parse", "HEAD"]), commit.count >= 40,
            let status = Self.output(["-C", place, "status", "--porcelain", "--untracked-files=no"])
        else { return nil }
        self.commit = commit
        isDirty = !status.isEmpty
    }

    private static func output(_ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        // Looking at the state must not take the repository's lock.
        process.environment = ProcessInfo.processInfo.environment.merging(["GIT_OPTIONAL_LOCKS": "0"]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { return nil }
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
