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

    /// The output of git. This avoids Foundation's `Process`, which blocks forever if it cannot start a thread.
    private static func output(_ arguments: [String]) -> String? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // Git must not take the repository's lock to read its status.
        let environment = ProcessInfo.processInfo.environment.merging(["GIT_OPTIONAL_LOCKS": "0"]) { $1 }
        var words = (["git"] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "git", &actions, nil, &words, &settings)
        close(ends[1])
        guard code == 0 else { return nil }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count > 0 { output += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
