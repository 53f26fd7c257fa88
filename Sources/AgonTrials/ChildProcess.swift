import AgonDatasets
import AgonSweeps
import AgonTensors
import Foundation

/// A child process whose lines of output are read as they arrive. Its standard output and standard error share one pipe.
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

    private let child: PipedProcess
    private var rest: [UInt8] = []

    /// Starts a program that is found in `PATH`.
    ///
    /// Throws `SweepError.missingTool`, `SweepError.toolFailed`.
    init(_ arguments: [String], environment: [String: String]) throws {
        let name = arguments[0]
        guard let path = ExternalTool.path(of: name, environment: environment) else {
            throw SweepError.missingTool(name)
        }
        do {
            child = try PipedProcess(path, arguments: arguments, environment: environment, errors: .output)
        } catch {
            throw SweepError.toolFailed(name, reason: "cannot start: \(SystemFault.text(of: error.code))")
        }
    }

    deinit { close(child.descriptor) }

    /// Waits for output up to a timeout and returns the complete lines that arrived; nil when the program and all its
    /// children have closed the pipe.
    func lines(within seconds: Double) -> [String]? {
        var request = pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, Int32(seconds * 1000)) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(child.descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EINTR ? [] : nil }
        if count == 0 { return nil }
        rest += buffer[..<count]
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = rest[..<end].split(separator: UInt8(ascii: "\n"))
        rest.removeSubrange(...end)
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }

    func send(_ signal: Int32) { kill(child.id, signal) }

    /// Whether a process with this ID is running, or has ended and was not yet waited for.
    static func exists(_ id: Int) -> Bool { kill(pid_t(truncatingIfNeeded: id), 0) == 0 || errno != ESRCH }

    func wait() -> Ending {
        let status = child.wait()
        // This is what the macros of wait.h do, which Swift does not import.
        return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }
}
