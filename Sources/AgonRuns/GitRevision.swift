import AgonConfiguration
import AgonTensors
import Foundation

/// The git commit of the repository that contains a config, and whether the working tree has uncommitted changes.
public struct GitRevision: Record, Hashable, Sendable {
    public private(set) var commit = ""
    public private(set) var isDirty = false

    package init() {}

    package static var fields: [RecordField<GitRevision>] {
        [.value("commit", \.commit, isRequired: true), .value("isDirty", \.isDirty)]
    }

    /// Asks git about the folder of a file; nil outside a repository or without git.
    package init?(near path: String) {
        let folder = FilePath.parent(of: path)
        let place = folder.isEmpty ? "." : folder
        guard let commit = Self.output(["-C", place, "rev-parse", "HEAD"]), commit.count >= 40,
            let status = Self.output(["-C", place, "status", "--porcelain", "--untracked-files=no"])
        else { return nil }
        self.commit = commit
        isDirty = !status.isEmpty
    }

    /// The output of git; nil if it fails.
    private static func output(_ arguments: [String]) -> String? {
        // Git must not take the repository's lock to read its status.
        let environment = ProcessInfo.processInfo.environment.merging(["GIT_OPTIONAL_LOCKS": "0"]) { $1 }
        guard
            let git = try? PipedProcess(
                "git", arguments: ["git"] + arguments, environment: environment, errors: .nothing)
        else { return nil }
        defer { close(git.descriptor) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        while true {
            let count = read(git.descriptor, &buffer, buffer.count)
            if count > 0 { output += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        guard git.wait() == 0 else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
