import AgonDatasets
import AgonSweeps
import Foundation

/// A child process in this process's group, so that it also receives the terminal's signals. Its standard output and
/// standard error share one pipe.
final class ChildProcess {
    enum Ending: Equatable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let signal): "ended by signal \(signal)"
            }
        }
    }

    private let id: pid_t
    private let descriptor: Int32
    private var rest: [UInt8] = []

    /// Starts a program that is found in `PATH`.
    ///
    /// Throws `SweepError.missingTool`, `SweepError.toolFailed`.
    init(_ arguments: [String], environment: [String: String]) throws {
        let name = arguments[0]
        guard let path = ExternalTool.path(of: name, environment: environment) else {
            throw SweepError.missingTool(name)
        }

        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Self.failure(name, errno) }
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
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)

        var words = arguments.map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, &actions, nil, &words, &settings)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Self.failure(name, code)
        }
        id = child
        descriptor = ends[0]
    }

    deinit { close(descriptor) }

    /// Waits for output up to a timeout and returns the complete lines that arrived; nil when the program and all its
    /// children have closed the pipe.
    func lines(within seconds: Double) -> [String]? {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32(seconds * 1000)) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EINTR ? [] : nil }
        if count == 0 { return nil }
        rest += buffer[..<count]
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = rest[..<end].split(separator: UInt8(ascii: "\n"))
        rest.removeSubrange(...end)
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }

    func send(_ signal: Int32) { kill(id, signal) }

    /// Whether a process with this ID is running, or has ended and was not yet waited for.
    static func exists(_ id: Int) -> Bool { kill(pid_t(truncatingIfNeeded: id), 0) == 0 || errno != ESRCH }

    func wait() -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        // This is what the macros of wait.h do, which Swift does not import.
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    private static func failure(_ name: String, _ code: Int32) -> SweepError {
        .toolFailed(name, reason: "cannot start: \(String(cString: strerror(code)))")
    }
}
