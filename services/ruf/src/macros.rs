// SPDX-License-Identifier: EUPL-1.2
//! What a row of the table becomes: a method of the client and an arm of the server. `async_trait` sees a whole `impl`,
//! so the compiler misses a method without a row and refuses a row without a method.

macro_rules! table {
    ($( $field:ident: $trait:ident of $($keeper:ident)|+ for ( $($caller:ident),+ ) $rows:tt )+) => {
        /// What a process answers with; what is not here is answered by nobody.
        #[derive(Clone, Default)]
        pub struct Services { $( pub $field: Option<Arc<dyn $trait>>, )+ }

        /// Which services may call which trait.
        pub const CALLERS: &[(&str, &[&str])] = &[$( (stringify!($field), &[$( stringify!($caller) ),+]) ),+];

        /// Every method of every trait.
        pub const METHODS: &[(&str, &[&str])] = &[$( (stringify!($field), $field::METHODS) ),+];

        impl Services {
            /// Names of what is here.
            pub(crate) fn names(&self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $( if self.$field.is_some() { names.push(stringify!($field)); } )+
                names
            }

            /// Answers one call. `None`: there is no such method.
            pub(crate) async fn answer(&self, name: &str, method: &str, call: Frame) -> Option<Result<Frame, Fehler>> {
                match name {
                    $( stringify!($field) => $field(&**self.$field.as_ref()?, method, call).await, )+
                    _ => None,
                }
            }
        }

        $( server!($field $trait $rows); )+
        $( $( client!($keeper $field $trait $rows); )+ )+
    };
}

macro_rules! server {
    ($field:ident $trait:ident {
        $( $kind:ident $method:ident ( $($arg:ident : $ty:ty),* ) -> $result:ty $(, $times:literal)? ; )+
    }) => {
        mod $field {
            pub const METHODS: &[&str] = &[$( stringify!($method) ),+];
        }

        async fn $field(service: &dyn $trait, method: &str, call: Frame) -> Option<Result<Frame, Fehler>> {
            Some(match method {
                $( stringify!($method) => async {
                    let Frame { json, mut bytes } = call;
                    let ($($arg,)*): ($( <$ty as Arg>::Owned, )*) =
                        serde_json::from_slice(&json).map_err(|e| texts::unreadable(&e))?;
                    let result = service.$method($( <$ty as Arg>::lend(&$arg, &mut bytes)? ),*).await?;
                    pack!($kind result)
                }.await, )+
                _ => return None,
            })
        }
    };
}

macro_rules! client {
    ($keeper:ident $field:ident $trait:ident {
        $( $kind:ident $method:ident ( $($arg:ident : $ty:ty),* ) -> $result:ty $(, $times:literal)? ; )+
    }) => {
        #[async_trait]
        impl $trait for crate::remote::$keeper {
            $( async fn $method(&self, $($arg: $ty),*) -> Result<$result, Fehler> {
                let mut bytes = None;
                let args = ($( Arg::wire($arg, &mut bytes), )*);
                let call = Frame { json: serde_json::to_vec(&args).map_err(|e| texts::unreadable(&e))?, bytes };
                let path = concat!("/ruf/1/", stringify!($field), "/", stringify!($method));
                let answer = self.0.call(crate::client::Kind::$kind(path)$(.times($times))?, call).await?;
                unpack!($kind answer).map_err(|e| self.0.misunderstood(path, &e))?
            } )+
        }
    };
}

macro_rules! pack {
    (fetch $result:ident) => {
        Frame::ok_with($result)
    };
    ($kind:ident $result:ident) => {
        Frame::ok(&$result)
    };
}

macro_rules! unpack {
    (fetch $answer:ident) => {
        $answer.open_with()
    };
    ($kind:ident $answer:ident) => {
        $answer.open()
    };
}
