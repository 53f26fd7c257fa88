#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A child process in this process's group, so that it also receives the terminal's signals, whose standard output is
/// read through a pipe. Its standard input is empty.
///
/// Foundation's `Process` blocks forever if it cannot start a thread.
package struct PipedProcess: Sendable {
    package let id: pid_t
    /// The reading end of the pipe, which the caller closes.
    package let descriptor: Int32

    /// What standard error is joined to.
    package enum Errors: Sendable {
        case output
        case nothing
    }

    /// Why a program could not be started.
    package struct Failure: Error {
        /// An error number.
        package let code: Int32
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: its path, or a name that is found in the `PATH` of this process.
    ///   - arguments: its name and its arguments.
    package init(
        _ program: String, arguments: [String], environment: [String: String], errors: Errors
    ) throws(Failure) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(code: errno) }
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
        switch errors {
        case .output: posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        case .nothing: posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        var words = arguments.map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, nil, &words, &settings)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Failure(code: code)
        }
        (id, descriptor) = (child, ends[0])
    }

    /// Waits for the end of the process.
    ///
    /// - Returns: its status, as `waitpid` gives it.
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
