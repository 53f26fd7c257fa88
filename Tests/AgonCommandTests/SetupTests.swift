#if os(Linux)
    import AgonTestFiles
    import Foundation
    import Testing

    /// `scripts/setup` on systems without dpkg, where it looks for headers and libraries and names what is missing.
    @Suite struct SetupTests {
        private let folder: TemporaryFolder

        init() throws {
            let folder = try TemporaryFolder()
            for name in ["mktemp", "rm"] {
                let places = ["/usr/bin/", "/bin/"].map { $0 + name }
                let program = try #require(places.first { FileManager.default.isExecutableFile(atPath: $0) })
                try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: program)
            }
            self.folder = folder
        }

        /// The body of a compiler that reads its program, and then succeeds or not.
        private static func compiler(code: Int) -> String { "while read -r line; do :; done; exit \(code)" }

        /// Runs the script where the given programs are all that there are.
        ///
        /// - Parameter programs: shell scripts by their names.
        private func setup(_ programs: [String: String]) throws -> AgonResult {
            for (name, body) in programs {
                let path = try folder.write("#!/bin/sh\n\(body)\n", to: name)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            }
            return try AgonResult(
                of: URL(fileURLWithPath: projectFolder + "/scripts/setup"), environment: ["PATH": folder.path])
        }

        /// Libraries may be known to the system, or to the compiler alone, as after `module load`.
        @Test(arguments: ["echo libopenblas.so.0 liblapacke.so.3", "exit 0"])
        func nothingIsMissingWhereTheLibrariesAre(libraries: String) throws {
            var programs = ["uname": "echo Linux", "ldconfig": libraries, "clang": Self.compiler(code: 0)]
            for name in ["swift", "git", "curl", "rsvg-convert"] { programs[name] = "exit 0" }
            let result = try setup(programs)
            #expect(result.code == 0 && result.errors.isEmpty, "\(result.errors)")
        }

        @Test func missingPackagesAreNamed() throws {
            let result = try setup([
                "uname": "echo Linux", "ldconfig": "exit 0", "clang": Self.compiler(code: 1), "swift": "exit 0",
            ])
            #expect(result.code == 1)
            let names = """
                libpng-devel libjpeg-turbo-devel libwebp-devel libtiff-devel giflib-devel zlib-devel libarchive-devel \
                openssl-devel sqlite-devel git openblas-devel lapack-devel
                """
            #expect(result.errors.contains("(module load): \(names)\n"), "\(result.errors)")
            for note in ["install curl", "install librsvg2-tools"] { #expect(result.errors.contains(note)) }
        }
    }
#endif
