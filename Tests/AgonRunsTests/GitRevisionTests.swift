import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

@Suite struct GitRevisionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What git prints. The user's settings, such as signatures of commits, have no effect.
    @discardableResult
    private func git(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["git", "-C", folder.path, "-c", "user.name=test", "-c", "user.email=test@example.org"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        ]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "git \(arguments)")
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func theCommitAndUncommittedChangesOfAConfigAreFound() throws {
        let config = try folder.write("{}", to: "Configs/a.json")
        try git("init", "--quiet")
        #expect(GitRevision(near: config) == nil, "a repository without a commit")
        try git("add", ".")
        try git("commit", "--quiet", "--message", "First")
        let first = try git("rev-parse", "HEAD")
        try #require(first.count >= 40)
        let clean = try #require(GitRevision(near: config))
        #expect(clean.commit == first && !clean.isDirty)

        // A file that git does not know, such as a run, is no change.
        try folder.write("new", to: "Configs/b.json")
        #expect(GitRevision(near: config) == clean)

        // A change anywhere in the repository counts, in the index too.
        let other = try folder.write("one", to: "other.txt")
        try git("add", "other.txt")
        let staged = try #require(GitRevision(near: config))
        #expect(staged.commit == first && staged.isDirty)
        try git("commit", "--quiet", "--message", "Second")
        let second = try #require(GitRevision(near: config))
        #expect(try second.commit == git("rev-parse", "HEAD") && second.commit != first && !second.isDirty)
        try folder.write("two", to: "other.txt")
        let changed = try #require(GitRevision(near: other))
        #expect(changed.commit == second.commit && changed.isDirty)
    }

    @Test func aFileThatIsNowhereHasNoCommit() {
        #expect(GitRevision(near: folder.file("none/a.json")) == nil)
    }

    @Test func theCommitOfAFileInTheWorkingFolderIsThatOfTheFolder() {
        // A path of one character; what it says depends on where the tests are run.
        #expect(GitRevision(near: "x") == GitRevision(near: "./x"))
    }
}
