/// The versions of Agon and of its compiler.
public enum AgonVersion {
    public static let current = "0.1.0"

    /// The version of the compiler that built this program. A program cannot detect the patch version.
    public static var swift: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #elseif compiler(>=6.1)
            "6.1"
        #else
            "6.0"
        #endif
    }
}
