import AgonTensors
import Foundation

/// A program found in `PATH`.
package struct ExternalTool {
    package let path: String

    /// Throws: `DatasetError.missingTool` with the suggested remedy.
    package init(
        _ name: String, remedy: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        guard let found = Self.path(of: name, environment: environment) else {
            throw DatasetError.missingTool(tool: name, remedy: remedy)
        }
        path = found
    }

    package static func path(
        of name: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { $0 + "/" + name }.first(where: FileManager.default.isExecutableFile(atPath:))
    }

    /// Runs the program and waits for it. Its output is discarded, except for the last line of standard error, unless
    /// progress is shown to the user.
    package func run(_ arguments: [String], in folder: String? = nil, showsProgress: Bool = false) throws -> (
        status: Int32, complaint: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let complaints = Pipe()
        if !showsProgress { process.standardError = complaints }
        do {
            try process.run()
        } catch {
            throw DatasetError.missingTool(tool: path, remedy: "it cannot be started: \(SystemFault.text(of: error))")
        }
        var text = ""
        if !showsProgress {
            text = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        let last = text.split(separator: "\n").last.map(String.init) ?? "exit status \(process.terminationStatus)"
        return (process.terminationStatus, last)
    }
}
